/* replay.c: runs a fuzz target once over every file of its corpus, for machines without libFuzzer.
 * Arguments: files or folders. Prints how many inputs ran; an empty corpus is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int inputs;

static void run_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    uint8_t *p = malloc(n ? n : 1); /* exact size, so that a sanitizer sees one byte too far */
    if (fread(p, 1, n, f) != n) exit(1);
    fclose(f);
    LLVMFuzzerTestOneInput(p, n);
    free(p);
    inputs++;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) < 0) {
            perror(argv[i]);
            return 1;
        }
        if (!S_ISDIR(st.st_mode)) {
            run_file(argv[i]);
            continue;
        }
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) run_file(path);
        }
        if (d) closedir(d);
    }
    printf("%d inputs\n", inputs);
    return inputs ? 0 : 1;
}
