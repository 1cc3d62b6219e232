"""Times ONNX models beside each other in onnxruntime: one thread, batches of 1 and 256, medians.

    python onnx_times.py DENSE.onnx OTHER.onnx...

A batch is run as often as takes about 20 ms; that is done 20 times for each model, in turn, so that whatever else
the machine does meets all of them. The first file is what the others are compared with.
"""

import statistics
import sys
import time

import numpy
import onnxruntime

ROUNDS = 20
SECONDS = 0.02


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def seconds(session, feed, count):
    start = time.perf_counter()
    for _ in range(count):
        session.run(None, feed)
    return (time.perf_counter() - start) / count


def main(paths):
    sessions = [session(path) for path in paths]
    print(f"onnxruntime {onnxruntime.__version__}, one thread, medians of {ROUNDS}")
    for batch in (1, 256):
        feeds, counts = [], []
        for one in sessions:
            entry = one.get_inputs()[0]
            shape = [batch] + [int(extent) for extent in entry.shape[1:]]
            values = numpy.random.default_rng(1).random(shape, dtype=numpy.float32)
            feeds.append({entry.name: values})
            seconds(one, feeds[-1], 3)
            counts.append(max(1, round(SECONDS / seconds(one, feeds[-1], 3))))
        times = [[] for _ in sessions]
        for _ in range(ROUNDS):
            for index, one in enumerate(sessions):
                times[index].append(seconds(one, feeds[index], counts[index]))
        medians = [statistics.median(each) for each in times]
        for path, median in zip(paths, medians):
            print(f"batch {batch:3}  {path}  {median * 1e6:9.1f} us  {medians[0] / median:5.2f} times as fast")


if __name__ == "__main__":
    main(sys.argv[1:])
