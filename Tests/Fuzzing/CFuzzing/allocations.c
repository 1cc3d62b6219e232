// Counts the bytes that one thread holds on the heap. In a build with a sanitizer its hooks say what is allocated;
// in others malloc and its kin are defined here, in front of glibc's own, for this program alone.
#include "fuzzing.h"

#include <errno.h>
#include <malloc.h>

static _Thread_local int counting;
static _Thread_local long held;
static _Thread_local long most;

static void gained(size_t count) {
  if (!counting) return;
  held += (long)count;
  if (held > most) most = held;
}

static void lost(size_t count) {
  if (counting) held -= (long)count;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#ifdef HAS_SANITIZER

size_t __sanitizer_get_allocated_size(const volatile void *pointer);
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t), void (*)(const volatile void *));

static void allocated(const volatile void *pointer, size_t count) { gained(count); }
static void released(const volatile void *pointer) { lost(__sanitizer_get_allocated_size(pointer)); }

__attribute__((constructor)) static void install(void) {
  __sanitizer_install_malloc_and_free_hooks(allocated, released);
}

#else

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void *counted(void *pointer) {
  if (pointer) gained(malloc_usable_size(pointer));
  return pointer;
}

void *malloc(size_t count) { return counted(__libc_malloc(count)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t count) { return counted(__libc_memalign(alignment, count)); }
void *aligned_alloc(size_t alignment, size_t count) { return counted(__libc_memalign(alignment, count)); }

int posix_memalign(void **out, size_t alignment, size_t count) {
  if (alignment % sizeof(void *) || !alignment || alignment & (alignment - 1)) return EINVAL;
  void *pointer = counted(__libc_memalign(alignment, count));
  if (!pointer) return ENOMEM;
  *out = pointer;
  return 0;
}

void *realloc(void *old, size_t count) {
  size_t before = old ? malloc_usable_size(old) : 0;
  void *pointer = __libc_realloc(old, count);
  if (!pointer && count) return pointer;
  // Both are there while the bytes are copied.
  counted(pointer);
  lost(before);
  return pointer;
}

void free(void *pointer) {
  if (!pointer) return;
  if (counting) lost(malloc_usable_size(pointer));
  __libc_free(pointer);
}

#endif

void fuzzing_begin(void) {
  held = 0;
  most = 0;
  counting = 1;
}

long fuzzing_end(void) {
  counting = 0;
  return most;
}
