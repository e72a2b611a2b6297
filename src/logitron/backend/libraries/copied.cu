// Copies numbers of any dtype to any other, in any order in memory, all or the chosen ones.
// One thread copies one number.
//
// CuPy compiles a kernel for each pair of dtypes, number of axes and order in memory, in tenths of
// a second. Here they are arguments: the threads of a launch branch alike, and memory is the limit.
//
// Strides are in elements. Neighbouring threads write to neighbouring elements of the last axis.

enum { BOOL, INT8, UINT8, INT32, INT64, FLOAT32, FLOAT64 };

__device__ long long whole(const void* values, const int kind, const long long place)
{
    switch (kind) {
    case BOOL: case UINT8: return ((const unsigned char*)values)[place];
    case INT8: return ((const signed char*)values)[place];
    case INT32: return ((const int*)values)[place];
    default: return ((const long long*)values)[place];
    }
}

__device__ void put_whole(void* values, const int kind, const long long place, const long long value)
{
    switch (kind) {
    case BOOL: ((unsigned char*)values)[place] = value != 0; return;
    case INT8: ((signed char*)values)[place] = (signed char)value; return;
    case UINT8: ((unsigned char*)values)[place] = (unsigned char)value; return;
    case INT32: ((int*)values)[place] = (int)value; return;
    case INT64: ((long long*)values)[place] = value; return;
    case FLOAT32: ((float*)values)[place] = (float)value; return;
    default: ((double*)values)[place] = (double)value;
    }
}

extern "C" __global__ void copied(
    const void* source, const int source_kind,
    void* target, const int target_kind,
    const void* index, const int index_kind,   // of the middle axis of the source; -1 for none
    const long long middle, const long long last,  // numbers along the last two of three axes
    const long long size,                      // numbers in all
    const long long source_0, const long long source_1, const long long source_2,
    const long long target_0, const long long target_1, const long long target_2)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= size) return;
    long long i = 0, j = 0, k = thread;
    if (last != size) {
        if (size < 2147483648LL) {             // (divisions of 64 bits are slow)
            const unsigned rest = (unsigned)thread / (unsigned)last;
            k = (unsigned)thread % (unsigned)last;
            i = rest / (unsigned)middle;
            j = rest % (unsigned)middle;
        } else {
            const long long rest = thread / last;
            k = thread % last;
            i = rest / middle;
            j = rest % middle;
        }
    }
    const long long to = i * target_0 + j * target_1 + k * target_2;
    if (index_kind >= 0) j = whole(index, index_kind, j);
    const long long from = i * source_0 + j * source_1 + k * source_2;

    if (source_kind < FLOAT32) {
        put_whole(target, target_kind, to, whole(source, source_kind, from));
        return;
    }
    const double value =
        source_kind == FLOAT32 ? ((const float*)source)[from] : ((const double*)source)[from];
    if (target_kind == FLOAT64) ((double*)target)[to] = value;
    else if (target_kind == FLOAT32) ((float*)target)[to] = (float)value;
    else if (target_kind == BOOL) ((unsigned char*)target)[to] = value != 0;
    else put_whole(target, target_kind, to, (long long)value);
}
