"""One location model a file, as users call it: LSCP, MCLP, p-median, p-center, dispersion, fronts."""
