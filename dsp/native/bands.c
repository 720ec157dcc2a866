/* Bands that overlap as triangles do: a bin lies between two of them, and its two weights add up to one. */
#include "hop.h"

/* averages: of each band, the weighted mean of its bins. */
VECTORISED
void bands_average(const struct bands *b, const float *restrict bins, float *restrict averages)
{
    const float *restrict falling = b->falling, *restrict rising = b->rising;
    float from_below = 0.0f;
    for (long band = 0; band < b->count; band++) {
        const long first = b->first[band], end = b->first[band + 1];
        float down = 0.0f, up = 0.0f;
        _Pragma("omp simd reduction(+ : down, up)") for (long i = first; i < end; i++) {
            down += falling[i] * bins[i];
            up += rising[i] * bins[i];
        }
        averages[band] = (from_below + down) * b->scale[band];
        from_below = up;
    }
}

/* bins: of each, what the gains of its two bands come to. */
VECTORISED
void bands_spread(const struct bands *b, const float *restrict gains, float *restrict bins)
{
    const float *restrict falling = b->falling, *restrict rising = b->rising;
    for (long band = 0; band < b->count; band++) {
        const float here = gains[band], next = band + 1 < b->count ? gains[band + 1] : 0.0f;
        for (long i = b->first[band]; i < b->first[band + 1]; i++) bins[i] = here * falling[i] + next * rising[i];
    }
}
