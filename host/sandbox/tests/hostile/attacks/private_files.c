/* Reaches for what lies among the toolchains and is private: files and directories that others may not read, a
 * listening socket, a pipe with a reader.
 * args: {private} */
#include "hostile.h"
int main(int argc, char **argv) {
    char path[PATH_MAX], bytes[256];
    const char *place = argc > 1 ? argv[1] : "";
    const char *secrets[] = {"private", "closed/file", "closed/deeper/file", "of_group", "state/queue.redb", "state/keys.json", "linked"};
    for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        snprintf(path, sizeof path, "%s/%s", place, secrets[i]);
        if (slurp(path, bytes, sizeof bytes) > 0) BREACH("%s can be read", secrets[i]);
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    const char *closed[] = {"closed", "state"};
    for (unsigned i = 0; i < sizeof closed / sizeof *closed; i++) {
        snprintf(path, sizeof path, "%s/%s", place, closed[i]);
        DIR *directory = opendir(path);
        for (struct dirent *entry; directory && (entry = readdir(directory));)
            if (entry->d_name[0] != '.') BREACH("%s tells of %s", closed[i], entry->d_name);
    }
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(path, sizeof path, "%s/socket", place);
    strncpy(name.sun_path, path, sizeof name.sun_path - 1);
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
        if (connect(socket(AF_UNIX, type, 0), (struct sockaddr *)&name, sizeof name) == 0) BREACH("connected to the socket");
    snprintf(path, sizeof path, "%s/pipe", place);
    struct stat pipe;
    if (open(path, O_WRONLY | O_NONBLOCK) >= 0 && stat(path, &pipe) == 0 && S_ISFIFO(pipe.st_mode)) BREACH("the pipe opens for writing");
    snprintf(path, sizeof path, "%s/bin/open", place);
    if (place[0] == '/' && access(place, F_OK) == 0 && slurp(path, bytes, sizeof bytes) <= 0) BREACH("what is for everybody cannot be read");
    return verdict();
}
