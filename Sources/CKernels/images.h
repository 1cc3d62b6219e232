// Bodies of the kernels for images and for functions of one value, compiled once for each variant.
//
// An image is [channels][rows][places][16 lanes], 16 samples side by side, in memory that may have a border of zeros around
// each channel. Strides are in floats.
#ifndef CK_IMAGES_H
#define CK_IMAGES_H

#include "score.h"

#pragma STDC FP_CONTRACT OFF

enum { image_lanes = vector_lanes };

// A macro, because a function that returns a vector has another convention in each variant.
#define LOAD(x) (*(const floats *)(x))

CK_INLINE void pool(const ck_pool *p) {
  for (size_t c = 0; c < p->channels; c++) {
    for (size_t oy = 0; oy < p->output_height; oy++) {
      ptrdiff_t top = (ptrdiff_t)(oy * p->vertical_stride) - (ptrdiff_t)p->top;
      size_t y0 = top < 0 ? 0 : (size_t)top;
      size_t y1 = (size_t)(top + (ptrdiff_t)p->window_height);
      if (y1 > p->height) y1 = p->height;
      for (size_t ox = 0; ox < p->output_width; ox++) {
        ptrdiff_t left = (ptrdiff_t)(ox * p->horizontal_stride) - (ptrdiff_t)p->left;
        size_t x0 = left < 0 ? 0 : (size_t)left;
        size_t x1 = (size_t)(left + (ptrdiff_t)p->window_width);
        if (x1 > p->width) x1 = p->width;
        const float *in = p->inputs + c * p->input_channel;
        floats result = p->average ? SPLAT(0.0f) : LOAD(in + y0 * p->input_row + x0 * image_lanes);
        for (size_t y = y0; y < y1; y++)
          for (size_t x = x0; x < x1; x++) {
            floats value = LOAD(in + y * p->input_row + x * image_lanes);
            if (p->average) result = result + value;
            else result = (floats)(((ints)value & (value > result)) | ((ints)result & ~(value > result)));
          }
        if (p->average) {
          size_t count = p->counts_padding ? p->window_height * p->window_width : (y1 - y0) * (x1 - x0);
          result = result / SPLAT((float)count) + 0.0f;
          *(ints *)p->nonfinite |= ((ints)result & 0x7fffffff) >= 0x7f800000;
        }
        *(floats *)(p->outputs + c * p->output_channel + oy * p->output_row + ox * image_lanes) = result;
      }
    }
  }
}

CK_INLINE double hyperbolic_tangent(double x) {
  static const double series[8] = {-929569.0 / 638512875, 21844.0 / 6081075, -1382.0 / 155925, 62.0 / 2835,
                                   -17.0 / 315,           2.0 / 15,          -1.0 / 3,         1.0};
  double square = x * x;
  double sum = series[0];
  for (int i = 1; i < 8; i++) sum = __builtin_fma(sum, square, series[i]);
  double magnitude = x < 0 ? -x : x;
  double large = 1 - 2 / (exponential(2 * magnitude) + 1);
  double y = magnitude < 0.25 ? x * sum : x < 0 ? -large : large;
  return x != x ? x : y;
}

// `cycle` vectors hold the lanes of one place or feature.
CK_INLINE void map(int32_t kind, float a, float b, const float *x, float *y, size_t count, int32_t *nonfinite,
                   size_t cycle) {
  for (size_t i = 0; i < count; i += vector_lanes) {
    floats in = LOAD(x + i);
    floats out = in;
    switch (kind) {
      case CK_RELU: out = (floats)((ints)in & (in > 0)); break;
      case CK_LEAKY_RELU: {
        floats small = SPLAT(a) * in;
        out = (floats)(((ints)in & (in > 0)) | ((ints)small & ~(in > 0))) + 0.0f;
        break;
      }
      case CK_CLIP: {
        floats low = SPLAT(a), high = SPLAT(b);
        out = (floats)(((ints)in & (in > low)) | ((ints)low & ~(in > low)));
        out = (floats)(((ints)out & (out < high)) | ((ints)high & ~(out < high))) + 0.0f;
        break;
      }
      case CK_SIGMOID:
        for (size_t l = 0; l < vector_lanes; l++) out[l] = (float)(1 / (1 + exponential(-(double)in[l])));
        break;
      case CK_TANH:
        for (size_t l = 0; l < vector_lanes; l++) out[l] = (float)hyperbolic_tangent((double)in[l]) + 0.0f;
        break;
      case CK_AFFINE: out = __builtin_elementwise_fma(in, SPLAT(a), SPLAT(b)) + 0.0f; break;
      default: break;
    }
    ints *flags = (ints *)nonfinite + i / vector_lanes % cycle;
    *flags |= ((ints)in & 0x7fffffff) >= 0x7f800000;
    *flags |= ((ints)out & 0x7fffffff) >= 0x7f800000;
    *(floats *)(y + i) = out;
  }
}

CK_INLINE void add(const float *x, float *y, size_t count, int32_t *nonfinite, size_t cycle) {
  for (size_t i = 0; i < count; i += vector_lanes) {
    floats sum = LOAD(y + i) + LOAD(x + i) + 0.0f;
    ((ints *)nonfinite)[i / vector_lanes % cycle] |= ((ints)sum & 0x7fffffff) >= 0x7f800000;
    *(floats *)(y + i) = sum;
  }
}

CK_INLINE void softmax(const float *x, float *y, size_t classes, int32_t logarithmic, int32_t *nonfinite) {
  double highest[CK_LANES], sum[CK_LANES];
  for (size_t l = 0; l < CK_LANES; l++) {
    highest[l] = x[l];
    sum[l] = 0;
  }
  for (size_t c = 1; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) {
      double z = x[c * CK_LANES + l];
      highest[l] = z > highest[l] ? z : highest[l];
    }
  for (size_t c = 0; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) sum[l] = sum[l] + exponential((double)x[c * CK_LANES + l] - highest[l]);
  for (size_t c = 0; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) {
      double d = (double)x[c * CK_LANES + l] - highest[l];
      double value = logarithmic ? d - logarithm(sum[l]) : exponential(d) / sum[l];
      float rounded = (float)value + 0.0f;
      nonfinite[l] |= -((__builtin_bit_cast(int32_t, rounded) & 0x7fffffff) >= 0x7f800000);
      y[c * CK_LANES + l] = rounded;
    }
}

#endif
