// Loss, residual, and curvature (one class) or probabilities (several), from logits and targets.
// One thread computes one row of one group.
//
// The arithmetic is that of logitron.neuron.formulas.loss_terms, in the same order, but for labels
// 0 and 1 of one class. Separate array operations would read and write each logit about twenty times;
// the kernel does so once or twice.
//
// Compiled with -DREAL=float or -DREAL=double. Strides are in elements, so that any layout works.
// Neighbouring threads work on neighbouring elements.

// (not fmax, which would replace NaN)
#define NO_LESS(value) ((value) < least ? least : (value))

extern "C" __global__ void fused_loss(
    const REAL* logits, const REAL* targets,       // (n, groups * classes)
    REAL* loss,                                    // (n, groups)
    REAL* residual, REAL* curvature,               // (n, groups * classes), laid out as the logits
    const long long row, const long long column,   // strides of the logits
    const long long target_row, const long long target_column,
    const long long target_group,                  // 0 if all groups share their targets
    const long long loss_row, const long long loss_group,
    const long long n, const long long groups, const int classes,
    const int rows_first,                          // whether neighbouring threads have neighbouring rows
    const REAL least)                              // smallest exponent
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= n * groups) return;
    const long long i = rows_first ? thread % n : thread / groups;
    const long long g = rows_first ? thread / n : thread % groups;

    const long long first = i * row + g * classes * column;
    const REAL* z = logits + first;
    const REAL* y = targets + i * target_row + g * target_group;
    REAL* r = residual + first;
    REAL* p = curvature + first;
    REAL* l = loss + i * loss_row + g * loss_group;
    const REAL one = 1;

    if (classes == 1 && (y[0] == 0 || y[0] == 1)) {
        // the logit of the wrong label: small losses and residuals keep all of their digits
        const REAL wrong = y[0] == 0 ? z[0] : -z[0];
        const REAL below = wrong < 0 ? wrong : -wrong;
        const REAL e = exp(NO_LESS(below));
        const REAL whole = one + e;
        const REAL share = (wrong < 0 ? e : one) / whole;
        p[0] = e / (whole * whole);
        r[0] = y[0] == 0 ? share : -share;
        // (an infinite logit must not leave a finite loss: 0 times it is NaN)
        l[0] = (wrong > 0 ? wrong : 0) + log1p(e) + 0 * z[0];
        return;
    }
    if (classes == 1) {
        const REAL half = z[0] / 2;
        const REAL size = half < 0 ? -half : half;
        const REAL below = half - size;
        const REAL twice = -2 * size;
        const REAL e = exp(NO_LESS(twice));
        const REAL share = exp(NO_LESS(below)) / (one + e);
        p[0] = share - share * share;
        r[0] = share - y[0];
        l[0] = ((z[0] - below) - y[0] * z[0]) + log1p(e);
        return;
    }

    REAL top = z[0];
    for (int k = 1; k < classes; ++k) {
        const REAL value = z[k * column];
        top = value > top || value != value ? value : top;
    }
    REAL sum = 0, others = 0, hits = 0, margin = 0;
    for (int k = 0; k < classes; ++k) {
        const REAL below = z[k * column] - top;
        const REAL e = exp(NO_LESS(below));
        const REAL target = y[k * target_column];
        const REAL hit = target * e;
        sum += e;
        others += e - hit;
        hits += hit;
        margin += target * below;
        p[k * column] = e;
    }
    l[0] = log1p(others + (hits - one)) - margin;
    for (int k = 0; k < classes; ++k) {
        const REAL share = p[k * column] / sum;
        p[k * column] = share;
        r[k * column] = share - y[k * target_column];
    }
}
