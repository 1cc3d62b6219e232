// Convolutions without im2col: lanes are output channels, and the inputs are numbers spread over all lanes, which may
// lie anywhere. A tile's sums stay in registers over the whole chain. Cutting the chain into parts whose weights fit
// the first-level cache measured slower: the weights arrive in time from the second.

enum { tallest = 12, widest = 4 };

// `height` places by `vectors` of outputs.
CT_INLINE void convolve_tile(const ct_windows *w, const float *weights, size_t width, size_t outputs, const float *bias,
                             float *y, size_t stride, size_t place, size_t height, size_t vectors) {
  floats sums[tallest][widest];
  const float *x[tallest];
  for (size_t h = 0; h < height; h++) {
    // Behind the last place the last one is computed again and thrown away.
    size_t p = place + h < w->count ? place + h : w->count - 1;
    x[h] = w->x + w->places[p];
    for (size_t v = 0; v < vectors; v++)
      sums[h][v] = bias ? AT(bias + v * CT_LANES) : AT(y + p * stride + v * CT_LANES);
  }
  for (size_t k = 0; k < w->depth; k++) {
    ptrdiff_t tap = w->taps[k];
    floats row[widest];
    for (size_t v = 0; v < vectors; v++) row[v] = AT(weights + k * width + v * CT_LANES);
    for (size_t h = 0; h < height; h++) {
      floats value = SPLAT(x[h][tap]);
      for (size_t v = 0; v < vectors; v++) sums[h][v] = FMA(value, row[v], sums[h][v]);
    }
  }
  // Without a loop, and with addresses of copies only, or the sums would not stay in registers.
#pragma clang loop unroll(full)
  for (size_t h = 0; h < height; h++) {
    if (place + h >= w->count) continue;
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
      floats sum = sums[h][v];
      put(y + (place + h) * stride + v * CT_LANES, &sum, outputs - v * CT_LANES);
    }
  }
}

CT_INLINE void convolve_block(const ct_windows *w, const float *weights, size_t width, size_t outputs,
                              const float *bias, float *y, size_t stride, size_t height, size_t vectors) {
  for (size_t p = 0; p < w->count; p += height)
    convolve_tile(w, weights, width, outputs, bias, y, stride, p, height, vectors);
}

static void convolve(const ct_windows *windows, const float *weights, size_t width, size_t outputs, const float *bias,
                     float *y, size_t stride) {
  ct_windows w = *windows;
#if CT_WIDE
  switch ((outputs + CT_LANES - 1) / CT_LANES) {
    case 1: convolve_block(&w, weights, width, outputs, bias, y, stride, 12, 1); break;
    case 2: convolve_block(&w, weights, width, outputs, bias, y, stride, 8, 2); break;
    case 3: convolve_block(&w, weights, width, outputs, bias, y, stride, 8, 3); break;
    default: convolve_block(&w, weights, width, outputs, bias, y, stride, 6, 4);
  }
#else
  for (size_t o = 0; o < outputs; o += CT_LANES)
    convolve_block(&w, weights + o, width, outputs - o, bias ? bias + o : bias, y + o, stride, 6, 1);
#endif
}

// `height` taps by `vectors` of outputs.
CT_INLINE void correlate_tile(const ct_windows *w, const float *dy, size_t stride, size_t width, float *weights,
                              size_t tap, size_t height, size_t vectors) {
  floats sums[tallest][widest];
  ptrdiff_t taps[tallest];
  for (size_t h = 0; h < height; h++) {
    taps[h] = w->taps[tap + h];
    for (size_t v = 0; v < vectors; v++) sums[h][v] = (floats){0};
  }
  for (size_t p = 0; p < w->count; p++) {
    const float *x = w->x + w->places[p];
    floats row[widest];
    for (size_t v = 0; v < vectors; v++) row[v] = AT(dy + p * stride + v * CT_LANES);
    for (size_t h = 0; h < height; h++) {
      floats value = SPLAT(x[taps[h]]);
      for (size_t v = 0; v < vectors; v++) sums[h][v] = FMA(value, row[v], sums[h][v]);
    }
  }
  for (size_t h = 0; h < height; h++)
    for (size_t v = 0; v < vectors; v++)
      *(loose_floats *)(weights + (tap + h) * width + v * CT_LANES) += sums[h][v];
}

CT_INLINE void correlate_block(const ct_windows *w, const float *dy, size_t stride, size_t width, float *weights,
                               size_t height, size_t vectors) {
  size_t k = 0;
  for (; k + height <= w->depth; k += height) correlate_tile(w, dy, stride, width, weights, k, height, vectors);
  if (k + 4 <= w->depth) correlate_tile(w, dy, stride, width, weights, k, 4, vectors), k += 4;
  if (k + 2 <= w->depth) correlate_tile(w, dy, stride, width, weights, k, 2, vectors), k += 2;
  for (; k < w->depth; k++) correlate_tile(w, dy, stride, width, weights, k, 1, vectors);
}

static void correlate(const ct_windows *windows, const float *dy, size_t stride, size_t width, float *weights) {
  ct_windows w = *windows;
#if CT_WIDE
  switch (width / CT_LANES) {
    case 1: correlate_block(&w, dy, stride, width, weights, 8, 1); break;
    case 2: correlate_block(&w, dy, stride, width, weights, 8, 2); break;
    case 3: correlate_block(&w, dy, stride, width, weights, 8, 3); break;
    default: correlate_block(&w, dy, stride, width, weights, 6, 4);
  }
#else
  for (size_t o = 0; o < width; o += CT_LANES) correlate_block(&w, dy + o, stride, width, weights + o, 6, 1);
#endif
}

static void scatter(const ct_windows *windows, size_t run, const float *columns, size_t width, float *y) {
  ct_windows w = *windows;
  for (size_t p = 0; p < w.count; p++)
    for (size_t k = 0; k < w.depth; k += run) {
      const float *from = columns + p * width + k;
      float *to = y + w.places[p] + w.taps[k];
      for (size_t i = 0; i < run; i += CT_LANES) {
        floats sum = AT(to + i) + AT(from + i);
        put(to + i, &sum, run - i);
      }
    }
}

static void convolve_channels(const ct_windows *windows, const float *weights, size_t width, size_t channels,
                              const float *bias, float *y, size_t stride) {
  ct_windows w = *windows;
  for (size_t p = 0; p < w.count; p++) {
    const float *x = w.x + w.places[p];
    for (size_t c = 0; c < channels; c += CT_LANES) {
      floats sum = bias ? AT(bias + c) : AT(y + p * stride + c);
      for (size_t k = 0; k < w.depth; k++) sum = FMA(AT(x + w.taps[k] + c), AT(weights + k * width + c), sum);
      put(y + p * stride + c, &sum, channels - c);
    }
  }
}

static void correlate_channels(const ct_windows *windows, const float *dy, size_t stride, size_t width,
                               size_t channels, float *weights) {
  ct_windows w = *windows;
  for (size_t k = 0; k < w.depth; k++)
    for (size_t c = 0; c < channels; c += CT_LANES) {
      const float *x = w.x + w.taps[k] + c;
      floats sums[chains] = {{0}};
      size_t p = 0;
      for (; p + chains <= w.count; p += chains)
        for (size_t i = 0; i < chains; i++)
          sums[i] = FMA(AT(x + w.places[p + i]), AT(dy + (p + i) * stride + c), sums[i]);
      for (; p < w.count; p++) sums[0] = FMA(AT(x + w.places[p]), AT(dy + p * stride + c), sums[0]);
      *(loose_floats *)(weights + k * width + c) += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}
