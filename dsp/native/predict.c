/* Linear prediction: what sound is foretold by its past, and what is missing told by both sides. dsp.restore.prediction. */
#include "hop.h"

#include <math.h>
#include <string.h>

/* r[0 .. order] of the windowed sound. `work`: `frames` values. */
VECTORISED
static void correlate(const float *x, const float *window, long frames, long order, double *work, double *r)
{
    for (long i = 0; i < frames; i++) work[i] = (double)(x[i] * window[i]);
    for (long k = 0; k <= order; k += 4) {
        double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        const long common = frames - k - 3;
        const double *at = work + k;
        _Pragma("omp simd reduction(+ : a, b, c, d)") for (long i = 0; i < common; i++)
        {
            a += work[i] * at[i];
            b += work[i] * at[i + 1];
            c += work[i] * at[i + 2];
            d += work[i] * at[i + 3];
        }
        for (long i = common; i < frames - k; i++) {
            a += work[i] * at[i];
            if (i + k + 1 < frames) b += work[i] * at[i + 1];
            if (i + k + 2 < frames) c += work[i] * at[i + 2];
        }
        const double four[] = {a, b, c, d};
        for (long j = 0; j < 4 && k + j <= order; j++) r[k + j] = four[j];
    }
}

/* Levinson and Durbin. a[0] is 1. Silence is foretold as silence. */
static void foretell(const double *r, long order, double floor, double *a)
{
    double before[MOST_ORDER + 1], left = r[0] * (1.0 + floor) + 1e-20;
    memset(a, 0, (size_t)(order + 1) * sizeof(double));
    a[0] = 1.0;
    for (long m = 1; m <= order; m++) {
        double sum = r[m];
        for (long k = 1; k < m; k++) sum += a[k] * r[m - k];
        const double turned = -sum / left;
        memcpy(before, a, (size_t)m * sizeof(double));
        for (long k = 1; k < m; k++) a[k] = before[k] + turned * before[m - k];
        a[m] = turned;
        left *= 1.0 - turned * turned;
        if (!(left > 0.0)) return;
    }
}

void predict_learn(const float *x, const float *window, long frames, long order, double floor, double *work, double *a)
{
    double r[MOST_ORDER + 4];
    correlate(x, window, frames, order, work, r);
    foretell(r, order, floor, a);
}

/* e[i] = the sum of a[k] * x[i - k]: what the past of a frame did not foretell. */
VECTORISED
void predict_errors(const float *x, const double *a, long order, long frames, float *e)
{
    memcpy(e, x, (size_t)frames * sizeof(float));
    for (long k = 1; k <= order; k++) {
        const float tap = (float)a[k], *at = x - k;
        _Pragma("omp simd") for (long i = 0; i < frames; i++) e[i] += tap * at[i];
    }
}

/* b[l] = the sum of a[k] * a[k + l]. */
static void predict_kinship(const double *a, long order, double *b)
{
    for (long l = 0; l <= order; l++) {
        b[l] = 0.0;
        for (long k = 0; k + l <= order; k++) b[l] += a[k] * a[k + l];
    }
}

/* Least squares over the prediction error (A. J. E. M. Janssen et al., 1986): which unknown frames `at` (rising) make it
 * smallest? The matrix is a band, as wide as the order. Cholesky's method costs count * order^2 / 2; rows before `from`
 * are known already. band: a row an unknown, of the factor's elements (i, i), as one over it, (i, i - 1) ... (i, i - order).
 */
void predict_factor(const double *a, long order, double floor, const int32_t *at, long from, long count, double *band)
{
    double b[MOST_ORDER + 1];
    predict_kinship(a, order, b);
    const long width = order + 1;
    for (long i = from; i < count; i++) {
        double *row = band + i * width;
        const long reach = smaller(order, i);
        row[0] = b[0] * (1.0 + floor);
        for (long l = 1; l <= reach; l++) row[l] = at[i] - at[i - l] <= order ? b[at[i] - at[i - l]] : 0.0;
        for (long l = reach; l >= 0; l--) {
            const double *other = row - l * width;
            double sum = row[l];
            for (long m = l + 1; m <= reach && m - l <= order; m++) sum -= row[m] * other[m - l];
            row[l] = l ? sum * other[0] : 1.0 / sqrt(sum > 1e-12 ? sum : 1e-12);
        }
    }
}

/* The unknown frames `at` of x, of which `order` frames on both sides are there. told: the answer. */
void predict_fill(const float *x, const double *a, long order, const int32_t *at, long count, const double *band,
                  double *told)
{
    double b[MOST_ORDER + 1];
    predict_kinship(a, order, b);
    const long width = order + 1;
    for (long i = 0; i < count; i++) {
        const float *here = x + at[i];
        const double *row = band + i * width;
        double sum = 0.0;
        for (long l = 1; l <= order; l++) sum -= b[l] * ((double)here[l] + (double)here[-l]);
        /* What is unknown itself does not count as known. */
        for (long j = i - 1; j >= 0 && at[i] - at[j] <= order; j--) sum += b[at[i] - at[j]] * (double)x[at[j]];
        for (long j = i + 1; j < count && at[j] - at[i] <= order; j++) sum += b[at[j] - at[i]] * (double)x[at[j]];
        for (long l = 1; l <= order && l <= i; l++) sum -= row[l] * told[i - l];
        told[i] = sum * row[0];
    }
    for (long i = count - 1; i >= 0; i--) {
        double sum = told[i];
        for (long l = 1; l <= order && i + l < count; l++) sum -= band[(i + l) * width + l] * told[i + l];
        told[i] = sum * band[i * width];
    }
}

/* After how many frames a sound repeats itself, 0 where it does not. like: for lags from `first` on, twice the product of
 * the sound and itself so much earlier, over the power of both: 1 where they are the same. The shortest lag that is nearly
 * as good as the best is the period (P. McLeod, G. Wyvill, "A smarter way to find pitch", 2005).
 */
VECTORISED
double period_of(const double *x, long frames, long first, long lags, double clear, double nearly, double *like)
{
    double best = 0.0, late = 0.0, early = 0.0; /* power of what is compared: behind the lag, and ahead of it */
    for (long i = 0; i < frames; i++) early += x[i] * x[i];
    late = early;
    for (long i = 0; i < smaller(first, frames); i++) {
        late -= x[i] * x[i];
        early -= x[frames - 1 - i] * x[frames - 1 - i];
    }
    for (long k = 0; k < lags; k++) {
        const long lag = first + k;
        double product = 0.0;
        _Pragma("omp simd reduction(+ : product)") for (long i = lag; i < frames; i++) product += x[i] * x[i - lag];
        const double power = larger_d(late + early, 0.0) + 1e-12;
        if (lag < frames) {
            late -= x[lag] * x[lag];
            early -= x[frames - 1 - lag] * x[frames - 1 - lag];
        }
        like[k] = 2.0 * product / power;
        if (k >= 2 && like[k - 2] <= like[k - 1] && like[k - 1] > like[k] && like[k - 1] > best) best = like[k - 1];
    }
    if (best < clear) return 0.0;
    for (long k = 1; k + 1 < lags; k++)
        if (like[k - 1] <= like[k] && like[k] > like[k + 1] && like[k] >= nearly * best) {
            const double bend = like[k - 1] - 2.0 * like[k] + like[k + 1];
            return (double)(first + k) + (bend != 0.0 ? 0.5 * (like[k - 1] - like[k + 1]) / bend : 0.0);
        }
    return 0.0;
}
