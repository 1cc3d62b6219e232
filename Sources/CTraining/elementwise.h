// Kernels that see each value alone; plain loops that compilers vectorise without a change of bits.
static void add(const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = y[i] + x[i];
}

static void multiply(const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = y[i] * x[i];
}

static void relu(const float *x, size_t count, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void relu_backward(const float *y, const float *dy, size_t count, float *dx) {
  for (size_t i = 0; i < count; i++) {
    // Both are read in any case, so that no branch stays.
    float slope = dy[i];
    dx[i] = y[i] > 0 ? slope : 0;
  }
}

// g = (gradient + l2 * w + l1 * sign(w)) where kept.
CT_INLINE float decayed(const ct_step *step, size_t i, float w) {
  // Without branches, which AVX2 code would keep.
  float sign = (float)((w > 0) - (w < 0));
  float g = step->gradient[i] + step->l2 * w + step->l1 * sign;
  // Something is read in any case: a masked load at null does not fault, but takes a hundred cycles.
  const uint32_t *keep = step->keep ? step->keep : (const uint32_t *)step->gradient;
  uint32_t bits, free = step->keep ? 0 : ~0u, kept;
  memcpy(&kept, keep + i, 4);
  memcpy(&bits, &g, 4);
  bits &= kept | free;
  memcpy(&g, &bits, 4);
  return g;
}

static void descend(const ct_step *shared, float momentum, int32_t nesterov, float *restrict v, float *restrict w) {
  ct_step step = *shared;
  if (!v) {
    for (size_t i = 0; i < step.count; i++) w[i] = w[i] - step.rate * decayed(&step, i, w[i]);
  } else if (nesterov) {
    for (size_t i = 0; i < step.count; i++) {
      float g = decayed(&step, i, w[i]);
      v[i] = momentum * v[i] + g;
      w[i] = w[i] - step.rate * (g + momentum * v[i]);
    }
  } else {
    for (size_t i = 0; i < step.count; i++) {
      v[i] = momentum * v[i] + decayed(&step, i, w[i]);
      w[i] = w[i] - step.rate * v[i];
    }
  }
}

static void adapt(const ct_step *shared, float beta1, float beta2, float correction, float epsilon, float shrink,
                  float *restrict m, float *restrict v, float *restrict w) {
  ct_step step = *shared;
  float fresh1 = 1 - beta1, fresh2 = 1 - beta2;
  for (size_t i = 0; i < step.count; i++) {
    float g = decayed(&step, i, w[i]);
    m[i] = m[i] + (g - m[i]) * fresh1;
    v[i] = beta2 * v[i] + fresh2 * g * g;
    w[i] = w[i] * shrink - step.rate * (m[i] / (__builtin_elementwise_sqrt(v[i]) / correction + epsilon));
  }
}
