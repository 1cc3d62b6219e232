// g++ -O2 -march=native -fopenmp -std=c++17 convolutions.cpp -o convolutions -ldnnl -lxsmm -lopenblas -ldl -lpthread
//
// Times the convolution layers alone of two networks on one thread, in FP32: `LIBRARY.NETWORK SECONDS` for 10,000 images of
// 3x32x32, median of five. `--layers` adds seconds and GFLOP/s of each layer, and what the library chose for it.
//
// oneDNN lays out memory as it likes and fuses bias and ReLU; with libxsmm and with products after im2col both follow while
// the result is in cache. Not timed: reorders, pooling, shortcuts. OPENBLAS_CORETYPE decides on the kernels for products.
#include <cblas.h>
#include <libxsmm.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>

using Memory = dnnl::memory;
using Tag = Memory::format_tag;
using Floats = std::vector<float>;
constexpr auto f32 = Memory::data_type::f32;
constexpr int rounds = 5, images_timed = 1000, images_reported = 10000;

struct Convolution {
    int inputs, outputs, side, stride = 1;
    Floats weights{}, bias{};  // Weights as [outputs][inputs][3][3].

    int out() const { return side / stride; }
    int depth() const { return inputs * 9; }
    int target() const { return outputs * out() * out(); }
    double flop() const { return 2.0 * depth() * target(); }
};

// A convolution of batches of one size. Dimensions are [images][channels][side][side], or channels are two, blocks of them.
struct Layer {
    Memory::desc source, target;
    std::function<void(float* source, float* target)> run;
    std::string choice;
};

std::shared_ptr<float> aligned(size_t count) {
    return {static_cast<float*>(std::aligned_alloc(4096, (count * sizeof(float) + 4095) / 4096 * 4096)), std::free};
}

constexpr size_t most = 100 * 64 * 34 * 34 + 4096;  // Elements of the largest activations, in any layout.
const std::shared_ptr<float> buffers[3] = {aligned(most), aligned(most), aligned(most)};
const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
dnnl::stream stream(engine);

enum Direction { in, out };

// Values in plain order go in or come out.
void copy(Direction direction, float* values, const Memory::desc& own, float* data) {
    const Memory::desc plain(own.dims(), f32, own.dims().size() == 4 ? Tag::abcd : Tag::abcde);
    Memory from(plain, engine, values), to(own, engine, data);
    if (direction == out) std::swap(from, to);
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
}

Layer onednn(Convolution& c, int batch) {
    const Memory::desc source_any({batch, c.inputs, c.side, c.side}, f32, Tag::any);
    const Memory::desc target_any({batch, c.outputs, c.out(), c.out()}, f32, Tag::any);
    const Memory::desc weights_any({c.outputs, c.inputs, 3, 3}, f32, Tag::any);
    dnnl::post_ops relu;
    relu.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(relu);
    const dnnl::convolution_forward::primitive_desc chosen(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, source_any, weights_any,
         {{c.outputs}, f32, Tag::a}, target_any, {c.stride, c.stride}, {1, 1}, {1, 1}}, attributes, engine);
    const Memory weights(chosen.weights_desc(), engine), bias(chosen.bias_desc(), engine, c.bias.data());
    copy(in, c.weights.data(), chosen.weights_desc(), static_cast<float*>(weights.get_data_handle()));
    auto run = [=, primitive = dnnl::convolution_forward(chosen)](float* source, float* target) {
        primitive.execute(stream, {{DNNL_ARG_SRC, {chosen.src_desc(), engine, source}}, {DNNL_ARG_WEIGHTS, weights},
                                   {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, {chosen.dst_desc(), engine, target}}});
        stream.wait();
    };
    return {chosen.src_desc(), chosen.dst_desc(), run, chosen.impl_info_str()};
}

// Channels are outermost: output rows, also of several images, are the columns of one product.
Layer gemm(Convolution& c, int batch) {
    // Small weights: OpenBLAS has kernels of its own for up to a million multiplications. Others: half of a 1 MiB cache.
    const int budget = c.outputs * c.depth() < 20000 ? 1000000 / c.outputs : 131072, out = c.out();
    const int all = batch * out, rows = std::clamp(budget / c.depth() / out, 1, all);
    // Channels lie off a power of two, or all those of a pixel would fall into one set of the cache.
    const int area = c.side * c.side, plane = batch * area + 16, out_plane = batch * out * out + 16;
    auto run = [=, &c, columns = aligned(c.depth() * rows * out)](float* source, float* target) {
        for (int first = 0; first < all; first += rows) {
            const int end = std::min(first + rows, all), width = (end - first) * out;
            float *to = columns.get(), *result = target + first * out;
            for (int tap = 0; tap < c.depth(); tap++)
                for (int row = first, kx = tap % 3; row < end; row++, to += out) {
                    const int y = row % out * c.stride + tap / 3 % 3 - 1;
                    const int left = kx == 0, right = std::min(out, (c.side - kx) / c.stride + 1);
                    const float* from = source + tap / 9 * plane + row / out * area + y * c.side + kx - 1;
                    to[0] = to[out - 1] = 0;
                    if (y < 0 || y >= c.side) std::memset(to, 0, out * sizeof(float));
                    else if (c.stride == 1) std::memcpy(to + left, from + left, (right - left) * sizeof(float));
                    else for (int x = left; x < right; x++) to[x] = from[x * c.stride];
                }
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, c.outputs, width, c.depth(), 1, c.weights.data(),
                        c.depth(), columns.get(), width, 0, result, out_plane);
            for (float bias : c.bias) {
#pragma omp simd
                for (int i = 0; i < width; i++) result[i] = std::max(result[i] + bias, 0.0f);
                result += out_plane;
            }
        }
    };
    return {{{batch, c.inputs, c.side, c.side}, f32, Memory::dims{area, plane, c.side, 1}},
            {{batch, c.outputs, out, out}, f32, Memory::dims{out * out, out_plane, out, 1}},
            run, std::to_string(rows * out) + " columns"};
}

// Blocks of channels are innermost. Images have a rim of zeros, which in a network the layer before would leave.
Layer libxsmm(Convolution& c, int batch) {
    libxsmm_dnn_err_t status;
    libxsmm_dnn_conv_desc d{};
    // One image at a time: bias and ReLU then find its result in cache.
    d.N = d.threads = 1, d.C = c.inputs, d.K = c.outputs, d.H = d.W = c.side, d.R = d.S = 3, d.u = d.v = c.stride;
    d.pad_h = d.pad_w = d.pad_h_in = d.pad_w_in = d.pad_h_out = d.pad_w_out = 1;
    d.buffer_format = d.filter_format = LIBXSMM_DNN_TENSOR_FORMAT_LIBXSMM;
    d.datatype_in = d.datatype_out = LIBXSMM_DNN_DATATYPE_F32, d.options = LIBXSMM_DNN_CONV_OPTION_OVERWRITE;
    libxsmm_dnn_layer* layer = libxsmm_dnn_create_conv_layer(d, &status);
    if (layer == nullptr) throw std::runtime_error(libxsmm_dnn_get_error(status));
    auto tensor = [&](libxsmm_dnn_tensor_type type, float* data) {
        auto layout = libxsmm_dnn_create_tensor_datalayout(layer, type, &status);
        auto made = libxsmm_dnn_link_tensor(layout, data, &status);
        libxsmm_dnn_bind_tensor(layer, made, type);
        return std::pair(made, int(layout->dim_size[0]));
    };
    const auto filter = aligned(c.weights.size());
    libxsmm_dnn_copyin_tensor(tensor(LIBXSMM_DNN_REGULAR_FILTER, filter.get()).first, c.weights.data(),
                              LIBXSMM_DNN_TENSOR_FORMAT_KCRS);
    const auto [image, in_block] = tensor(LIBXSMM_DNN_REGULAR_INPUT, filter.get());
    const auto [result, out_block] = tensor(LIBXSMM_DNN_REGULAR_OUTPUT, filter.get());
    auto run = [&c, batch, layer, filter, image = image, result = result, block = out_block](float* source, float* target) {
        const int side = c.out() + 2;
        for (int n = 0; n < batch; n++, source += c.inputs * (c.side + 2) * (c.side + 2)) {
            libxsmm_dnn_set_tensor_data_ptr(image, source);
            libxsmm_dnn_set_tensor_data_ptr(result, target);
            libxsmm_dnn_execute_st(layer, LIBXSMM_DNN_COMPUTE_KIND_FWD, 0, 0);
            for (int first = 0; first < c.outputs; first += block, target += side * side * block)
                for (int y = 1; y < side - 1; y++)
                    for (int x = 1; x < side - 1; x++) {
                        float* values = target + (y * side + x) * block;
#pragma omp simd
                        for (int i = 0; i < block; i++) values[i] = std::max(values[i] + c.bias[first + i], 0.0f);
                    }
        }
    };
    auto layout = [batch](int channels, int side, int block) {
        return Memory::desc({batch, channels / block, block, side + 2, side + 2}, f32, Tag::abdec)
            .submemory_desc({batch, channels / block, block, side, side}, {0, 0, 0, 1, 1});
    };
    return {layout(c.inputs, c.side, in_block), layout(c.outputs, c.out(), out_block), run,
            "blocks of " + std::to_string(in_block) + " and " + std::to_string(out_block)};
}

// Layers run one behind the other between two buffers. Where shapes do not fit, one reads what happens to be there.
struct Chain {
    const char* library;
    Layer (*make)(Convolution&, int batch);
    int batch = 0;
    std::vector<Layer> layers{};
    std::vector<std::vector<double>> seconds{};  // Of each layer and then of all, in each round, for the images reported.

    void time(double images, Floats& inputs) {
        copy(in, inputs.data(), layers[0].source, buffers[2].get());
        const int passes = std::ceil(images / batch);
        std::vector<double> sums(layers.size() + 1);
        const std::clock_t processor = std::clock();
        for (int pass = 0; pass < passes; pass++)
            for (size_t i = 0; i < layers.size(); i++) {
                const double start = omp_get_wtime();
                layers[i].run(buffers[i == 0 ? 2 : i % 2].get(), buffers[(i + 1) % 2].get());
                const double taken = omp_get_wtime() - start;
                sums[i] += taken, sums.back() += taken;
            }
        const double cores = double(std::clock() - processor) / CLOCKS_PER_SEC / sums.back();
        if (cores > 1.05) throw std::runtime_error("more than one thread at work");
        if (cores < 0.95) std::fprintf(stderr, "had only %.0f %% of a core\n", 100 * cores);
        seconds.resize(sums.size());
        for (size_t i = 0; i < sums.size(); i++) seconds[i].push_back(sums[i] / passes / batch * images_reported);
    }
};

int main(int count, char**) {
    omp_set_num_threads(1), openblas_set_num_threads(1);
    std::mt19937 random(1);
    auto uniform = [&random](size_t count, float limit) {
        Floats values(count);
        for (float& value : values) value = std::uniform_real_distribution<float>(-limit, limit)(random);
        return values;
    };
    std::vector<Convolution> conv4{{3, 64, 32}, {64, 64, 32}, {64, 128, 16}, {128, 128, 16}}, resnet20{{3, 16, 32}};
    for (int i = 0; i < 18; i++) {
        const int width = 16 << i / 6, halves = i == 6 || i == 12;
        resnet20.push_back({width >> halves, width, 512 / width << halves, 1 + halves});
    }
    Floats inputs = uniform(100 * 64 * 32 * 32, 1), outputs(inputs.size());
    for (auto [network, convolutions] : {std::pair("conv-4", conv4), std::pair("resnet-20", resnet20)}) {
        for (Convolution& c : convolutions)
            c.weights = uniform(c.outputs * c.depth(), std::sqrt(6.0 / c.depth())), c.bias = uniform(c.outputs, 0.1);
        std::vector<Floats> expected(convolutions.size());
        Chain chains[] = {{"onednn", onednn}, {"libxsmm", libxsmm}, {"gemm", gemm}};
        for (Chain& fastest : chains) {
            double least = INFINITY;
            for (int batch : {16, 64, 100}) {
                Chain chain{fastest.library, fastest.make, batch};
                for (size_t i = 0; i < convolutions.size(); i++) {
                    const Layer layer = chain.make(convolutions[i], batch);
                    std::memset(buffers[0].get(), 0, most * sizeof(float));
                    copy(in, inputs.data(), layer.source, buffers[0].get());
                    layer.run(buffers[0].get(), buffers[1].get());
                    copy(out, outputs.data(), layer.target, buffers[1].get());
                    // Batches of all sizes begin with the same images; oneDNN's smallest one is the measure.
                    Floats& measure = expected[i];
                    if (measure.empty()) measure.assign(&outputs[0], &outputs[convolutions[i].target() * batch]);
                    const float error = 1e-4f * *std::max_element(measure.begin(), measure.end());
                    auto near = [error](float a, float b) { return std::abs(a - b) <= error; };
                    if (!std::equal(measure.begin(), measure.end(), outputs.begin(), near))
                        throw std::runtime_error(std::string(chain.library) + " disagrees in layer " + std::to_string(i));
                    chain.layers.push_back(layer);
                }
                chain.time(200, inputs);
                if (chain.seconds.back()[0] < least) least = chain.seconds.back()[0], fastest = chain;
            }
            fastest.seconds.clear();
        }
        for (int round = 0; round < rounds; round++)
            for (Chain& chain : chains) chain.time(images_timed, inputs);
        for (Chain& chain : chains) {
            for (auto& values : chain.seconds) std::sort(values.begin(), values.end());
            std::printf("%s.%s %.4f\n", chain.library, network, chain.seconds.back()[rounds / 2]);
            for (size_t i = 0; count > 1 && i < convolutions.size(); i++) {
                const Convolution& c = convolutions[i];
                const double seconds = chain.seconds[i][rounds / 2], rate = c.flop() * images_reported / seconds * 1e-9;
                std::printf("%s.%s.%zu %.4f  %d->%d at %d, batch %d: %.1f GFLOP/s, %s\n", chain.library, network, i, seconds,
                            c.inputs, c.outputs, c.out(), chain.batch, rate, chain.layers[i].choice.c_str());
            }
        }
    }
}
