"""Jobs a second that do nothing, through two worker processes of Ray and of Dask: prints `jobs.ray` and `jobs.dask`."""

import os
import statistics
import time

os.environ["RAY_DEDUP_LOGS"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

JOBS, ROUNDS = 5000, 5


def rates(run):
    run(500)
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run(JOBS)
        found.append(JOBS / (time.perf_counter() - start))
    return statistics.median(found)


def with_ray():
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)

    @ray.remote
    def job(index):
        return index

    print("jobs.ray", rates(lambda count: ray.get([job.remote(index) for index in range(count)])), flush=True)
    ray.shutdown()


def with_dask():
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        print("jobs.dask", rates(
            lambda count: client.gather(client.map(abs, range(count), pure=False))), flush=True)


if __name__ == "__main__":
    with_ray()
    with_dask()
