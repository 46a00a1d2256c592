/* See readers.h. */
#include "readers.h"

#include <string.h>

#include "base/os.h"

/* A walk reads a stack upwards, so the window begins at the requested address. Where less than
 * a whole window is mapped, read to the end of the page, which is mapped as a whole. */
static bool move_window(struct dp_window *window, uint64_t address, size_t bytes)
{
    size_t page = dp_os_page_bytes();
    size_t rest = page - address % page;
    size_t first = rest < DP_WINDOW_BYTES ? rest : DP_WINDOW_BYTES;
    window->bytes = 0;
    window->reads++;
    if (dp_os_read_memory(address, window->data, DP_WINDOW_BYTES)) {
        window->bytes = DP_WINDOW_BYTES;
    } else if (first >= bytes && dp_os_read_memory(address, window->data, first)) {
        window->bytes = first;
    }
    window->address = address;
    return bytes <= window->bytes;
}

bool dp_read_window(void *context, uint64_t address, void *to, size_t bytes)
{
    struct dp_window *window = context;
    uint64_t offset = address - window->address;
    if (bytes > DP_WINDOW_BYTES)
        return false;
    if (offset >= window->bytes || bytes > window->bytes - offset) {
        if (!move_window(window, address, bytes))
            return false;
        offset = 0;
    }
    if (bytes == sizeof(uint64_t))
        __builtin_memcpy(to, window->data + offset, sizeof(uint64_t));
    else
        memcpy(to, window->data + offset, bytes);
    return true;
}

bool dp_read_direct(void *context, uint64_t address, void *to, size_t bytes)
{
    const struct dp_direct *stack = context;
    if (address < stack->low || address >= stack->high || bytes > stack->high - address)
        return stack->outside && dp_read_window(stack->outside, address, to, bytes);
    if (bytes == sizeof(uint64_t)) /* nearly all reads are of one word */
        *(uint64_t *)to = *(const volatile uint64_t *)(uintptr_t)address;
    else
        memcpy(to, (const void *)(uintptr_t)address, bytes);
    return true;
}
