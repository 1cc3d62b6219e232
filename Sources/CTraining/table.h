// All bodies and their table; included once by each variant.
#include "elementwise.h"
#include "rows.h"
#include "pooling.h"
#include "convolution.h"

const ct_kernels CT_TABLE = {
    .add = add,
    .multiply = multiply,
    .relu = relu,
    .relu_backward = relu_backward,
    .sum_rows = sum_rows,
    .moments = moments,
    .normalize = normalize,
    .normalize_sums = normalize_sums,
    .normalize_backward = normalize_backward,
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .average_pool = average_pool,
    .average_pool_backward = average_pool_backward,
    .place = place,
    .transpose = transpose,
    .convolve = convolve,
    .correlate = correlate,
    .scatter = scatter,
    .convolve_channels = convolve_channels,
    .correlate_channels = correlate_channels,
    .descend = descend,
    .adapt = adapt,
};
