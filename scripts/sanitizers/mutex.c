// Tells ThreadSanitizer of the contended paths of Swift's Mutex, which the toolchain's libswiftSynchronization has without
// instrumentation: without this, whatever a Mutex protects or hands over looks like a race once two threads have met there.
//
// Loaded before the program (LD_PRELOAD) by scripts/sanitize; stands in for two functions of that library and calls them.
// Source: swift/stdlib/public/Synchronization/Mutex/LinuxImpl.swift, of Swift 6.3.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// The handle comes in the register of Swift's self; its first word is what the fast paths, which are inlined into
// instrumented code, exchange atomically.
typedef __attribute__((swiftcall)) void locking(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void unlocking(__attribute__((swift_context)) void *);

extern __attribute__((weak)) void __tsan_acquire(void *);
extern __attribute__((weak)) void __tsan_release(void *);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK);
__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *handle) __asm__(UNLOCK);

static locking *next_lock;
static unlocking *next_unlock;

__attribute__((constructor)) static void find(void) {
  next_lock = (locking *)dlsym(RTLD_NEXT, LOCK);
  next_unlock = (unlocking *)dlsym(RTLD_NEXT, UNLOCK);
}

__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *handle) {
  next_lock(thread, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *handle) {
  if (__tsan_release) __tsan_release(handle);
  next_unlock(handle);
}
