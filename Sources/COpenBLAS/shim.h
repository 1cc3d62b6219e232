#include <cblas.h>
#include <stddef.h>

// LAPACK, which OpenBLAS has in it; its package has no header for it. Fortran's length of the text comes last.
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
             const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info,
             size_t jobz_length);
