// Kernels over a matrix of rows by channels, a vector of channels at a time.

// Rows whose sums stay `float`; blocks of them are added up as `double`.
enum { block = 64, chains = 4 };

// Runs `each` for the rows of a block, row r in chain r mod 4, and `fold` at the end of each block of each vector.
#define FOR_BLOCKS(rows, channels)                                              \
  for (size_t first = 0; first < (rows); first += block)                        \
    for (size_t c = 0, end = first + block < (rows) ? first + block : (rows); c < (channels); c += CT_LANES)

#define FOR_ROWS(rows, channels)           \
  for (size_t row = 0; row < (rows); row++) \
    for (size_t c = 0; c < (channels); c += CT_LANES)

static void sum_rows(const float *x, size_t rows, size_t channels, double *sums) {
  for (size_t c = 0; c < channels; c += CT_LANES) DOUBLES_AT(sums + c) = (doubles){0};
  FOR_BLOCKS(rows, channels) {
    floats s[chains] = {{0}};
    size_t row = first;
    for (; row + chains <= end; row += chains)
      for (size_t i = 0; i < chains; i++) s[i] += AT(x + (row + i) * channels + c);
    for (size_t i = 0; row < end; row++, i++) s[i] += AT(x + row * channels + c);
    DOUBLES_AT(sums + c) += WIDEN((s[0] + s[1]) + (s[2] + s[3]));
  }
}

static void moments(const float *x, size_t rows, size_t channels, const float *origin, double *sums, double *squares) {
  for (size_t c = 0; c < channels; c += CT_LANES) DOUBLES_AT(sums + c) = DOUBLES_AT(squares + c) = (doubles){0};
  FOR_BLOCKS(rows, channels) {
    floats s[chains] = {{0}}, q[chains] = {{0}}, zero = AT(origin + c);
    size_t row = first;
    for (; row + chains <= end; row += chains)
      for (size_t i = 0; i < chains; i++) {
        floats d = AT(x + (row + i) * channels + c) - zero;
        s[i] += d;
        q[i] = FMA(d, d, q[i]);
      }
    for (size_t i = 0; row < end; row++, i++) {
      floats d = AT(x + row * channels + c) - zero;
      s[i] += d;
      q[i] = FMA(d, d, q[i]);
    }
    DOUBLES_AT(sums + c) += WIDEN((s[0] + s[1]) + (s[2] + s[3]));
    DOUBLES_AT(squares + c) += WIDEN((q[0] + q[1]) + (q[2] + q[3]));
  }
}

static void normalize(const float *x, size_t rows, size_t channels, const float *mean, const float *scale,
                      const float *shift, float *y) {
  FOR_ROWS(rows, channels) {
    size_t i = row * channels + c;
    floats value = FMA(AT(x + i) - AT(mean + c), AT(scale + c), AT(shift + c));
    put(y + i, &value, channels - c);
  }
}

static void normalize_sums(const float *x, const float *dy, size_t rows, size_t channels, const float *mean,
                           double *sums, double *products) {
  for (size_t c = 0; c < channels; c += CT_LANES) DOUBLES_AT(sums + c) = DOUBLES_AT(products + c) = (doubles){0};
  FOR_BLOCKS(rows, channels) {
    floats s[chains] = {{0}}, q[chains] = {{0}}, zero = AT(mean + c);
    size_t row = first;
    for (; row + chains <= end; row += chains)
      for (size_t i = 0; i < chains; i++) {
        size_t at = (row + i) * channels + c;
        floats d = AT(dy + at);
        s[i] += d;
        q[i] = FMA(d, AT(x + at) - zero, q[i]);
      }
    for (size_t i = 0; row < end; row++, i++) {
      size_t at = row * channels + c;
      floats d = AT(dy + at);
      s[i] += d;
      q[i] = FMA(d, AT(x + at) - zero, q[i]);
    }
    DOUBLES_AT(sums + c) += WIDEN((s[0] + s[1]) + (s[2] + s[3]));
    DOUBLES_AT(products + c) += WIDEN((q[0] + q[1]) + (q[2] + q[3]));
  }
}

static void normalize_backward(const float *x, const float *dy, size_t rows, size_t channels, const float *mean,
                               const float *scale, const float *a, const float *b, float *dx) {
  FOR_ROWS(rows, channels) {
    size_t i = row * channels + c;
    floats value = (AT(dy + i) - AT(a + c)) * AT(scale + c) - (AT(x + i) - AT(mean + c)) * AT(b + c);
    put(dx + i, &value, channels - c);
  }
}

static void transpose(const float *x, size_t rows, size_t columns, float *y) {
  for (size_t column = 0; column < columns; column++)
    for (size_t row = 0; row < rows; row++) y[column * rows + row] = x[row * columns + column];
}
