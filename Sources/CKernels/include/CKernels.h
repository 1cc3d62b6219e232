#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// Masked evaluation, vectorised across samples: a lane is a sample, and no sum is ever split between lanes. Each
// neuron's sum is one chain of fused multiply-adds in ascending order of its inputs, so every variant of a kernel gives
// the same bits. All pointers to floats that are read or written a row of lanes at a time are aligned to 64 bytes.

// Samples that are computed side by side: four 512-bit registers of partial sums.
#define CK_LANES 64
// The most inputs that one pass over a layer should read, so that they stay in the first-level cache or near it. Fewer
// would load and store the unfinished sums more often than that gains.
#define CK_CHUNK 200

// One pass of a layer over a chunk of its inputs.
typedef struct {
  const float *inputs;  // [features of the chunk][CK_LANES]
  float *outputs;       // [neurons][CK_LANES]; between passes, the unfinished sums
  size_t neurons;
  const float *bias;   // [neurons] in the first pass: where the chains start; null in later ones
  int32_t *nonfinite;  // [CK_LANES] in the last pass: lanes with an infinity or a NaN become -1; null in earlier ones
  int32_t relu;        // whether the last pass takes max(x, 0); it makes -0 to +0 in any case
} ck_pass;

// A part of one neuron's chain: its entries are start..<start + count. All offsets are in bytes.
typedef struct {
  uint32_t start, count;
  uint32_t source;  // the row of the unfinished sum that it goes on from, or in a first part the neuron
  uint32_t target;  // the row where the sum is stored
} ck_run;

// Runs of one layer. A row holds CK_LANES floats.
typedef struct {
  const float *inputs;      // rows that offsets count from
  const uint32_t *offsets;  // of the entries' inputs, ascending within a neuron's chain
  const float *weights;
  float *values;       // rows that sources and targets count from
  const float *bias;   // by neuron, where first parts start; null in later ones
  int32_t *nonfinite;  // [CK_LANES] where runs end their chains, as in ck_pass; null elsewhere
  int32_t relu;
} ck_runs;

// Leaves out entries whose input is zero in every lane of all blocks to come, which changes no sum but perhaps the sign
// of a zero. Up to 16 entries behind the last may be read.
typedef struct {
  const uint32_t *offsets;
  const float *weights;
  const uint32_t *live;  // [32], a bit for each of up to 1024 inputs; the first is number `first`
  uint32_t first;
  uint32_t *live_offsets;  // 16 entries behind the last may be written
  float *live_weights;
} ck_filter;

// A block of sums that stay in registers together: output channels by rows by columns of places.
typedef struct {
  uint32_t channels, rows, columns;
} ck_tile;

// A convolution over images of 16 lanes, laid out as images.h says. The inputs' border holds the padding.
typedef struct {
  const float *inputs;     // where the window of the first place begins
  size_t input_row;        // to the window of the place below
  size_t input_place;      // to the window of the next place
  float *outputs;          // the first place of the first channel
  size_t output_channel;
  size_t output_row;
  size_t channels, height, width;  // of the outputs
  const float *bias;       // [channels]; null for none
  const float *scale;      // [channels], batch normalisation as sum * scale + shift; null for none
  const float *shift;      // [channels]
  const float *summand;    // the first place of an image that is added behind all that, or null
  size_t summand_channel, summand_row;
  int32_t *nonfinite;      // [16]; lanes with an infinity or a NaN become -1
  int32_t relu;
  ck_tile tile;  // as ck_tile_* gave it for this shape
} ck_convolution;

// A pool over images of 16 lanes; windows are cut off at the image's edge.
typedef struct {
  const float *inputs;  // the first place of the first channel
  size_t input_channel, input_row, height, width;
  float *outputs;
  size_t output_channel, output_row, output_height, output_width;
  size_t channels, window_height, window_width, vertical_stride, horizontal_stride, top, left;
  int32_t average;
  int32_t counts_padding;
  int32_t *nonfinite;  // [16]
} ck_pool;

enum { CK_RELU, CK_LEAKY_RELU, CK_CLIP, CK_SIGMOID, CK_TANH, CK_AFFINE, CK_COPY };

// Each kernel in each variant. `baseline` runs everywhere but calls the C library for each fused multiply-add.
#define CK_DECLARE(variant)                                                                                            \
  /* Adds values[k] * inputs[rows[k]] for k in starts[n]..<starts[n + 1] to neuron n. */                               \
  void ck_sparse_##variant(const ck_pass *pass, const uint32_t *starts, const uint32_t *rows, const float *values);    \
  /* Adds weights[n * stride + i] * inputs[i] for i in 0..<features to neuron n. */                                    \
  void ck_dense_##variant(const ck_pass *pass, const float *weights, size_t stride, size_t features);                  \
  /* values[i] = bytes[i] / scale, correctly rounded, for i in 0..<count; scale is an integer of 1...65536. */         \
  void ck_expand_##variant(const uint8_t *bytes, float scale, size_t count, float *values);                            \
  /* The same for the rows listed, each of CK_LANES bytes, to the same rows of values. */                              \
  void ck_expand_rows_##variant(const uint8_t *bytes, float scale, const uint32_t *rows, size_t count, float *values); \
  /* The sums of runs, in any order: no run may read what another of the same call writes. */                          \
  void ck_sum_##variant(const ck_runs *r, const ck_run *some, size_t count);                                           \
  /* The same runs with live entries alone. */                                                                         \
  void ck_filter_##variant(const ck_filter *f, const ck_run *all, size_t count, ck_run *some);                         \
  /* Exchanges row rows[i] of kept with row i of fresh, all of CK_LANES floats; writes to changed, which has room for  \
     all, those rows whose bits are not the same, and returns how many they are. */                                    \
  size_t ck_exchange_##variant(float *kept, float *fresh, const uint32_t *rows, size_t count, uint32_t *changed);      \
  /* The softmax cross-entropies of all lanes; returns how many of lanes 0..<count have their label's logit highest    \
     (the first of equals wins). logits: [classes][CK_LANES], finite; losses: [CK_LANES]. */                           \
  size_t ck_losses_##variant(const float *logits, size_t classes, const uint8_t *labels, size_t count,                 \
                             double *losses);                                                                          \
  /* The sequences of Elementary.exp and Elementary.log, for comparison with them. */                                  \
  void ck_exp_##variant(const double *x, double *y, size_t count);                                                     \
  void ck_log_##variant(const double *x, double *y, size_t count);                                                     \
  void ck_tanh_##variant(const double *x, double *y, size_t count);                                                    \
  void ck_sigmoid_##variant(const double *x, double *y, size_t count);                                                 \
  /* Taps by chunk, then channel: values[k] * window[offsets[k]] for k in starts[r]..<starts[r + 1], where             \
     r = chunk * channels + channel. `unfinished` has room for the tile's sums of all channels. */                     \
  void ck_convolve_sparse_##variant(const ck_convolution *c, const uint32_t *starts, const uint32_t *offsets,          \
                                    const float *values, size_t chunks, float *unfinished);                            \
  /* All channels have the same taps. Tile by tile of channels, weights: [taps][channels of the tile]; the last tile   \
     ends with the last channel, so it may overlap the one before. */                                                  \
  void ck_convolve_dense_##variant(const ck_convolution *c, const uint32_t *offsets, const float *weights,             \
                                   size_t taps);                                                                       \
  /* The best tile for outputs of this shape; of one channel if sparse. */                                             \
  ck_tile ck_tile_##variant(size_t channels, size_t height, size_t width, int32_t sparse);                             \
  void ck_pool_##variant(const ck_pool *pool);                                                                         \
  /* y[i] = a function of x[i]; count is a multiple of 16, lanes of one place are 16 * cycle. */                       \
  void ck_map_##variant(int32_t kind, float a, float b, const float *x, float *y, size_t count, int32_t *nonfinite,    \
                        size_t cycle);                                                                                 \
  /* y[i] += x[i]. */                                                                                                  \
  void ck_add_##variant(const float *x, float *y, size_t count, int32_t *nonfinite, size_t cycle);                     \
  /* Softmax or its logarithm over [classes][CK_LANES]. */                                                             \
  void ck_softmax_##variant(const float *x, float *y, size_t classes, int32_t logarithmic, int32_t *nonfinite);        \
  /* values[i] = (values[i] - mean) / deviation; -0 becomes +0. */                                                     \
  void ck_normalize_##variant(float mean, float deviation, size_t count, float *values);

CK_DECLARE(baseline)
CK_DECLARE(v3)
CK_DECLARE(v4)

// The highest variant that this processor runs: 4 or 3 for x86-64-v4 or -v3, 0 for baseline.
int ck_level(void);

// Asks for memory that will be needed soon to be brought to the second-level cache.
void ck_prefetch(const void *memory, size_t bytes);

#endif
