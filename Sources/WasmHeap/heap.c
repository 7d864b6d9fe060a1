// The heap of the browser's kernel module: `posix_memalign` and `free` for Swift, `malloc` for the page. Blocks have sizes that are
// powers of two and their halves between; free ones wait in lists by size. Workers share the memory, so a lock guards the lists; it
// is held for a few instructions only.

#include <stddef.h>
#include <stdint.h>

enum { headerBytes = 16, classes = 64, pageBytes = 65536, alignment = 16 };

// Before each block: its size class. 16 bytes keep what follows aligned.
typedef struct Header {
    uint32_t class;
    uint32_t offset;
    struct Header *next;
} Header;

extern unsigned char __heap_base;

static Header *freeLists[classes];
static uintptr_t top;
static uint32_t lock;

static void acquire(void) {
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
}

static void release(void) { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

// Sizes 32, 48, 64, 96, 128, 192 … up to 1 MiB.
static size_t classBytes(uint32_t class) {
    return class & 1 ? (size_t)48 << (class >> 1) : (size_t)32 << (class >> 1);
}

static uint32_t classOf(size_t bytes) {
    uint32_t class = 0;
    while (class < 52 && classBytes(class) < bytes) {
        class += 1;
    }
    return class;
}

// Blocks from 1 MiB on have the size asked for; freed ones wait in a list of their own for the next that they fit well.
enum { largeClass = 63, largeBytes = 1 << 20 };

static Header *takeTop(size_t bytes) {
    if (top == 0) {
        top = ((uintptr_t)&__heap_base + alignment - 1) & ~(uintptr_t)(alignment - 1);
    }
    uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) * pageBytes;
    // 65,536 pages make 2^32, which 32 bits cannot hold: the last page is never used.
    if (__builtin_wasm_memory_size(0) >= 65536) {
        have = (uintptr_t)65535 * pageBytes;
    }
    if (bytes > UINTPTR_MAX - top) {
        return NULL;
    }
    if (top + bytes > have) {
        size_t pages = (top + bytes - have + pageBytes - 1) / pageBytes;
        if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) {
            return NULL;
        }
    }
    Header *block = (Header *)top;
    top += bytes;
    return block;
}

// Size of a large block is kept in its offset field while it is free or taken, in units of 16 bytes.
static Header *takeLarge(size_t bytes) {
    uint32_t units = (uint32_t)((bytes + alignment - 1) / alignment);
    Header **link = &freeLists[largeClass];
    Header **best = NULL;
    while (*link != NULL) {
        if ((*link)->offset >= units && (best == NULL || (*link)->offset < (*best)->offset)) {
            best = link;
        }
        link = &(*link)->next;
    }
    // A block twice as large as needed is left for somebody who needs it.
    if (best != NULL && (*best)->offset / 2 <= units) {
        Header *block = *best;
        *best = block->next;
        return block;
    }
    Header *block = takeTop((size_t)units * alignment);
    if (block != NULL) {
        block->class = largeClass;
        block->offset = units;
    }
    return block;
}

static Header *takeSmall(size_t bytes) {
    uint32_t class = classOf(bytes);
    Header *block = freeLists[class];
    if (block != NULL) {
        freeLists[class] = block->next;
        return block;
    }
    block = takeTop(classBytes(class));
    if (block != NULL) {
        block->class = class;
        block->offset = 0;
    }
    return block;
}

void *malloc(size_t bytes) {
    if (bytes > UINTPTR_MAX - pageBytes) {
        return NULL;
    }
    size_t whole = bytes + headerBytes;
    acquire();
    Header *block = whole >= largeBytes ? takeLarge(whole) : takeSmall(whole);
    release();
    return block == NULL ? NULL : (unsigned char *)block + headerBytes;
}

void free(void *pointer) {
    if (pointer == NULL) {
        return;
    }
    Header *block = (Header *)((unsigned char *)pointer - headerBytes);
    acquire();
    block->next = freeLists[block->class];
    freeLists[block->class] = block;
    release();
}

// Swift asks for at most 16 in these modules.
int posix_memalign(void **result, size_t boundary, size_t bytes) {
    if (boundary > alignment) {
        return 22;
    }
    *result = malloc(bytes);
    return *result == NULL ? 12 : 0;
}

void *memset(void *target, int value, size_t bytes) { return __builtin_memset(target, value, bytes); }
void *memcpy(void *target, const void *source, size_t bytes) { return __builtin_memcpy(target, source, bytes); }
void *memmove(void *target, const void *source, size_t bytes) { return __builtin_memmove(target, source, bytes); }
