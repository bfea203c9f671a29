/* No attack, but the command whose start is shared when attacks run as warm children: it becomes the program that the
 * file `argv` names, with the arguments that stand there, each ended by a zero byte. */
#include "hostile.h"
static char text[65536];
static char *words[1024];
int main(void) {
    long length = slurp("argv", text, sizeof text);
    int count = 0;
    for (char *at = text; at < text + length && count < 1023; at += strlen(at) + 1) words[count++] = at;
    if (count > 0) execv(words[0], words);
    return 127;
}
