/*
 * DEEP_PROFILE_FLAME_GRAPH: where the time below a call goes, as a picture.
 *
 *     deep-profile-cc -O2 -g 06-flame-graph.c -o startup
 *     DEEP_PROFILE=1 ./startup
 *
 * When the program has ended, the picture is there: startup.svg, for any browser. A click
 * zooms. `deep-profile flamegraph -o all.html` draws all that was recorded, as a page.
 *
 * Stands for a program whose start is slow: builds the tables that it needs.
 */
#include <stdint.h>
#include <stdio.h>

#include <deep_profile.h>

static uint32_t crc_table[256];
static unsigned char is_prime[1 << 24];

static void build_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        crc_table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            crc_table[i] = crc_table[i] >> 1 ^ (crc_table[i] & 1 ? 0xEDB88320u : 0);
    }
}

static void build_primes(void)
{
    for (size_t i = 2; i < sizeof is_prime; i++)
        is_prime[i] = 1;
    for (size_t i = 2; i * i < sizeof is_prime; i++)
        for (size_t j = i * i; is_prime[i] && j < sizeof is_prime; j += i)
            is_prime[j] = 0;
}

DEEP_PROFILE_FLAME_GRAPH(output=startup.svg, format=svg, duration=10s)
static void start_up(void)
{
    build_crc_table();
    build_primes();
}

int main(void)
{
    size_t primes = 0;
    start_up();
    for (size_t i = 0; i < sizeof is_prime; i++)
        primes += is_prime[i];
    printf("crc_table[1] %08x, %zu primes\n", (unsigned)crc_table[1], primes);
    return 0;
}
