// Windows over images, a vector of channels at a time.

// The part of one window that lies inside the image, and its number.
typedef struct {
  size_t row, top, bottom, left, right;  // window rows top..<bottom, columns left..<right
  ptrdiff_t origin;                      // of window row 0, column 0, in pixels; may be negative
} placed_window;

CT_INLINE placed_window placed(const ct_pool *p, size_t sample, size_t oh, size_t ow) {
  ptrdiff_t y = (ptrdiff_t)(oh * p->vertical_stride) - (ptrdiff_t)p->top;
  ptrdiff_t x = (ptrdiff_t)(ow * p->horizontal_stride) - (ptrdiff_t)p->left;
  ptrdiff_t bottom = (ptrdiff_t)p->height - y, right = (ptrdiff_t)p->width - x;
  placed_window w;
  w.row = (sample * p->out_height + oh) * p->out_width + ow;
  w.top = y < 0 ? (size_t)-y : 0;
  w.left = x < 0 ? (size_t)-x : 0;
  w.bottom = bottom < (ptrdiff_t)p->window_height ? (size_t)bottom : p->window_height;
  w.right = right < (ptrdiff_t)p->window_width ? (size_t)right : p->window_width;
  w.origin = ((ptrdiff_t)(sample * p->height) + y) * (ptrdiff_t)p->width + x;
  return w;
}

CT_INLINE ptrdiff_t value_at(const ct_pool *p, const placed_window *w, size_t kh, size_t kw) {
  return (w->origin + (ptrdiff_t)(kh * p->width + kw)) * (ptrdiff_t)p->channels;
}

#define FOR_WINDOWS(p)                                  \
  for (size_t sample = 0; sample < (p)->samples; sample++) \
    for (size_t oh = 0; oh < (p)->out_height; oh++)     \
      for (size_t ow = 0; ow < (p)->out_width; ow++)

#define FOR_TAPS(w)                                  \
  for (size_t kh = (w).top; kh < (w).bottom; kh++) \
    for (size_t kw = (w).left; kw < (w).right; kw++)

static void max_pool(const ct_pool *shared, const float *x, float *y, int32_t *taps) {
  ct_pool p = *shared;
  FOR_WINDOWS(&p) {
    placed_window w = placed(&p, sample, oh, ow);
    for (size_t c = 0; c < p.channels; c += CT_LANES) {
      floats best = AT(x + value_at(&p, &w, w.top, w.left) + c);
      ints number = (ints){0} + (int32_t)(w.top * p.window_width + w.left);
      FOR_TAPS(w) {
        floats value = AT(x + value_at(&p, &w, kh, kw) + c);
        ints wins = (value > best) | (value != value);
        best = (floats)(((ints)value & wins) | ((ints)best & ~wins));
        number = (((int32_t)(kh * p.window_width + kw)) & wins) | (number & ~wins);
      }
      floats tap = (floats)number;
      put(y + w.row * p.channels + c, &best, p.channels - c);
      put((float *)taps + w.row * p.channels + c, &tap, p.channels - c);
    }
  }
}

static void max_pool_backward(const ct_pool *shared, const float *dy, const int32_t *taps, float *dx) {
  ct_pool p = *shared;
  FOR_WINDOWS(&p) {
    placed_window w = placed(&p, sample, oh, ow);
    for (size_t c = 0; c < p.channels; c += CT_LANES) {
      floats slope = AT(dy + w.row * p.channels + c);
      ints number = INTS_AT(taps + w.row * p.channels + c);
      FOR_TAPS(w) {
        float *out = dx + value_at(&p, &w, kh, kw) + c;
        ints here = number == (int32_t)(kh * p.window_width + kw);
        floats sum = AT(out) + (floats)((ints)slope & here);
        put(out, &sum, p.channels - c);
      }
    }
  }
}

CT_INLINE float values_of(const ct_pool *p, const placed_window *w) {
  return p->counts_padding ? (float)(p->window_height * p->window_width)
                           : (float)((w->bottom - w->top) * (w->right - w->left));
}

static void average_pool(const ct_pool *shared, const float *x, float *y) {
  ct_pool p = *shared;
  FOR_WINDOWS(&p) {
    placed_window w = placed(&p, sample, oh, ow);
    float values = values_of(&p, &w);
    for (size_t c = 0; c < p.channels; c += CT_LANES) {
      floats sum = {0};
      FOR_TAPS(w) sum += AT(x + value_at(&p, &w, kh, kw) + c);
      sum = sum / values;
      put(y + w.row * p.channels + c, &sum, p.channels - c);
    }
  }
}

static void average_pool_backward(const ct_pool *shared, const float *dy, float *dx) {
  ct_pool p = *shared;
  FOR_WINDOWS(&p) {
    placed_window w = placed(&p, sample, oh, ow);
    float values = values_of(&p, &w);
    for (size_t c = 0; c < p.channels; c += CT_LANES) {
      floats slope = AT(dy + w.row * p.channels + c) / values;
      FOR_TAPS(w) {
        float *out = dx + value_at(&p, &w, kh, kw) + c;
        floats sum = AT(out) + slope;
        put(out, &sum, p.channels - c);
      }
    }
  }
}

static void place(const ct_placement *shared, const float *x, float *y) {
  ct_placement p = *shared;
  memset(y, 0, p.samples * p.to_height * p.to_width * p.channels * sizeof(float));
  for (size_t sample = 0; sample < p.samples; sample++)
    for (size_t h = 0; h < p.height; h++) {
      ptrdiff_t row = p.top + (ptrdiff_t)h * p.vertical_step;
      if (row < 0 || row >= (ptrdiff_t)p.to_height) continue;
      const float *from = x + (sample * p.height + h) * p.width * p.channels;
      float *to = y + (sample * p.to_height + (size_t)row) * p.to_width * p.channels;
      size_t begin = 0, end = p.width;
      while (begin < end && p.left + (ptrdiff_t)begin * p.horizontal_step < 0) begin++;
      while (end > begin && p.left + (ptrdiff_t)(end - 1) * p.horizontal_step >= (ptrdiff_t)p.to_width) end--;
      if (p.horizontal_step == 1) {
        memcpy(to + (p.left + (ptrdiff_t)begin) * (ptrdiff_t)p.channels, from + begin * p.channels,
               (end - begin) * p.channels * sizeof(float));
      } else {
        for (size_t w = begin; w < end; w++)
          memcpy(to + (p.left + (ptrdiff_t)w * p.horizontal_step) * (ptrdiff_t)p.channels, from + w * p.channels,
                 p.channels * sizeof(float));
      }
    }
}
