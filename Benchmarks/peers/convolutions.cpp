// g++ -O2 -march=native -fopenmp -std=c++17 convolutions.cpp -o convolutions -ldnnl -lxsmm -lopenblas -ldl -lpthread
//
// Times the convolution layers alone of two networks on one thread, in FP32: `LIBRARY.NETWORK SECONDS` for 10,000 images of
// 3x32x32, median of five. `--layers` adds seconds and GFLOP/s of each layer, and what the library chose for it.
//
// oneDNN lays out memory as it likes and fuses bias and ReLU. libxsmm fuses neither, nor does a product after im2col:
// there both follow while the result is in cache. Not timed: reorders, pooling, shortcuts, batch normalisation.
// OPENBLAS_CORETYPE matters: an OpenBLAS older than the processor takes slow kernels for it.
#include <cblas.h>
#include <libxsmm.h>
#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

constexpr int kernel = 3, lanes = 16, rounds = 5;
constexpr double images_timed = 1000, images_reported = 10000;

[[noreturn]] void fail(const std::string& reason) {
    std::fprintf(stderr, "convolutions: %s\n", reason.c_str());
    std::exit(1);
}

struct Shape {
    int inputs, outputs, side, stride = 1;

    int out() const { return side / stride; }
    size_t weights() const { return size_t(outputs) * inputs * kernel * kernel; }
    size_t source() const { return size_t(inputs) * side * side; }
    size_t target() const { return size_t(outputs) * out() * out(); }
    double flop() const { return 2.0 * weights() * out() * out(); }
};

struct Parameters {
    std::vector<float> weights, bias;  // Weights as [outputs][inputs][3][3].
};

using Buffer = std::unique_ptr<float[], decltype(&std::free)>;

Buffer zeros(size_t count) {
    void* data = nullptr;
    if (posix_memalign(&data, 4096, count * sizeof(float)) != 0) fail("out of memory");
    std::memset(data, 0, count * sizeof(float));
    return Buffer(static_cast<float*>(data), &std::free);
}

struct Convolution {
    virtual ~Convolution() = default;
    virtual size_t source_count() const = 0;  // Elements in the library's own layout.
    virtual size_t target_count() const = 0;
    virtual void bind(float* source, float* target) = 0;
    virtual void load(const std::vector<float>& nchw) = 0;  // Into the source bound.
    virtual void run() = 0;
    virtual std::vector<float> nchw() = 0;  // From the target bound.
    virtual std::string choice() const = 0;
};

class OneDNN : public Convolution {
    using M = dnnl::memory;
    inline static dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    inline static dnnl::stream stream{engine};
    M::desc plain_source, plain_target;
    dnnl::convolution_forward::primitive_desc chosen;
    dnnl::convolution_forward primitive;
    M source, target, weights, bias;
    std::unordered_map<int, M> arguments;

    static M::desc desc(M::dims dims, M::format_tag tag) { return {dims, M::data_type::f32, tag}; }
    static void reorder(M from, M to) {
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
    }

public:
    OneDNN(Shape s, int batch, const Parameters& parameters) {
        using T = M::format_tag;
        M::dims in{batch, s.inputs, s.side, s.side}, out{batch, s.outputs, s.out(), s.out()};
        M::dims filter{s.outputs, s.inputs, kernel, kernel};
        plain_source = desc(in, T::nchw), plain_target = desc(out, T::nchw);
        dnnl::post_ops relu;
        relu.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
        dnnl::primitive_attr attributes;
        attributes.set_post_ops(relu);
        dnnl::convolution_forward::desc wanted(
            dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, desc(in, T::any), desc(filter, T::any),
            desc({s.outputs}, T::x), desc(out, T::any), {s.stride, s.stride}, {1, 1}, {1, 1});
        chosen = {wanted, attributes, engine};
        primitive = dnnl::convolution_forward(chosen);
        weights = M(chosen.weights_desc(), engine), bias = M(chosen.bias_desc(), engine);
        reorder(M(desc(filter, T::oihw), engine, const_cast<float*>(parameters.weights.data())), weights);
        std::copy(parameters.bias.begin(), parameters.bias.end(), static_cast<float*>(bias.get_data_handle()));
    }
    size_t source_count() const override { return chosen.src_desc().get_size() / sizeof(float); }
    size_t target_count() const override { return chosen.dst_desc().get_size() / sizeof(float); }
    void bind(float* from, float* to) override {
        source = M(chosen.src_desc(), engine, from), target = M(chosen.dst_desc(), engine, to);
        arguments = {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, target}};
    }
    void load(const std::vector<float>& nchw) override {
        reorder(M(plain_source, engine, const_cast<float*>(nchw.data())), source);
    }
    void run() override {
        primitive.execute(stream, arguments);
        stream.wait();
    }
    std::vector<float> nchw() override {
        std::vector<float> values(plain_target.get_size() / sizeof(float));
        reorder(target, M(plain_target, engine, values.data()));
        return values;
    }
    std::string choice() const override { return chosen.impl_info_str(); }
};

// Channel outermost, then image, row and column: output rows of several images are columns of one product.
class Gemm : public Convolution {
    const Shape s;
    const int batch, rows;  // Output rows a product, so that its columns stay in the second-level cache.
    const size_t source_plane, target_plane;
    const Parameters& parameters;
    Buffer columns;
    const float* source = nullptr;
    float* target = nullptr;

    // Planes end off a power of two, or all channels of a pixel would fall into one set of the cache.
    static size_t plane(int batch, int side) { return size_t(batch) * side * side + lanes; }

    void im2col(int first, int count) {
        const int out = s.out();
        float* to = columns.get();
        for (int c = 0; c < s.inputs; c++)
            for (int ky = 0; ky < kernel; ky++)
                for (int kx = 0; kx < kernel; kx++)
                    for (int row = first; row < first + count; row++, to += out) {
                        const int image = row / out, y = row % out * s.stride + ky - 1;
                        if (y < 0 || y >= s.side) {
                            std::memset(to, 0, out * sizeof(float));
                            continue;
                        }
                        const float* from = source + c * source_plane + (size_t(image) * s.side + y) * s.side;
                        const int begin = kx == 0, end = std::min(out, (s.side - kx) / s.stride + 1);
                        if (begin == 1) to[0] = 0;
                        if (s.stride == 1)
                            std::memcpy(to + begin, from + begin + kx - 1, (end - begin) * sizeof(float));
                        else
                            for (int x = begin; x < end; x++) to[x] = from[x * s.stride + kx - 1];
                        if (end < out) to[end] = 0;
                    }
    }

public:
    Gemm(Shape s, int batch, const Parameters& parameters, int budget)
        : s(s), batch(batch), rows(std::clamp(budget / (s.inputs * 9) / s.out(), 1, batch * s.out())),
          source_plane(plane(batch, s.side)), target_plane(plane(batch, s.out())), parameters(parameters),
          columns(zeros(size_t(s.inputs) * 9 * rows * s.out())) {}
    size_t source_count() const override { return s.inputs * source_plane; }
    size_t target_count() const override { return s.outputs * target_plane; }
    void bind(float* from, float* to) override { source = from, target = to; }
    void load(const std::vector<float>& nchw) override {
        const size_t area = s.side * s.side;
        for (int n = 0; n < batch; n++)
            for (int c = 0; c < s.inputs; c++)
                std::memcpy(const_cast<float*>(source) + c * source_plane + n * area,
                            nchw.data() + (size_t(n) * s.inputs + c) * area, area * sizeof(float));
    }
    void run() override {
        const int depth = s.inputs * kernel * kernel, all = batch * s.out();
        for (int first = 0; first < all; first += rows) {
            const int count = std::min(rows, all - first), width = count * s.out();
            im2col(first, count);
            float* to = target + size_t(first) * s.out();
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s.outputs, width, depth, 1,
                        parameters.weights.data(), depth, columns.get(), width, 0, to, target_plane);
            for (int k = 0; k < s.outputs; k++) {
                float* row = to + k * target_plane;
                const float bias = parameters.bias[k];
#pragma omp simd
                for (int i = 0; i < width; i++) row[i] = std::max(row[i] + bias, 0.0f);
            }
        }
    }
    std::vector<float> nchw() override {
        const size_t area = s.out() * s.out();
        std::vector<float> values(batch * s.target());
        for (int n = 0; n < batch; n++)
            for (int k = 0; k < s.outputs; k++)
                std::memcpy(values.data() + (size_t(n) * s.outputs + k) * area, target + k * target_plane + n * area,
                            area * sizeof(float));
        return values;
    }
    std::string choice() const override { return std::to_string(rows * s.out()) + " columns a product"; }
};
