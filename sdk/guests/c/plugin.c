/* AWK (mawk), planned by C. Each call has an instance of its own, which is thrown away: so arguments are not freed here.
 * What is returned, the bindings do free: so all of it is copied to the heap. */

#include <stdlib.h>
#include <string.h>

#include "plugin.h"

typedef plugin_string_t text;
typedef plugin_list_string_t texts;
typedef optimus_plugin_types_step_t step;
typedef exports_optimus_plugin_classify_diagnostic_t diagnostic;

static const char IMAGE[] = "optimus/awk:mawk";

static text piece(const uint8_t *from, size_t len) {
  text made;
  plugin_string_dup_n(&made, (const char *)from, len);
  return made;
}

static text words(const char *s) { return piece((const uint8_t *)s, strlen(s)); }

/* One place more. A null pointer is an address like any other here, so a refusal has to end the call. */
static void *grown(void *list, size_t len, size_t size) {
  void *place = realloc(list, (len + 1) * size);
  if (place == NULL) __builtin_trap();
  return place;
}

static void push(texts *list, text s) {
  list->ptr = grown(list->ptr, list->len, sizeof s);
  list->ptr[list->len++] = s;
}

static texts list(size_t count, const char *const *from) {
  texts made = {0};
  for (size_t i = 0; i < count; i++) push(&made, words(from[i]));
  return made;
}

#define LIST(...) list(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

/* A path that no program takes for an option: `-x` becomes `./-x`. */
static text arg(text path) {
  if (path.len == 0 || path.ptr[0] != '-') return piece(path.ptr, path.len);
  text made = {grown(NULL, path.len + 1, 1), path.len + 2};
  memcpy(made.ptr, "./", 2);
  memcpy(made.ptr + 2, path.ptr, path.len);
  return made;
}

void exports_optimus_plugin_language_describe(exports_optimus_plugin_language_descriptor_t *ret) {
  memset(ret, 0, sizeof *ret);
  ret->id = words("awk-c");
  ret->name = words("AWK (mawk, planned by C)");
  ret->version = words("1.0.0");
  ret->extensions = LIST("awk");
  ret->images = LIST(IMAGE);
  ret->probe = LIST("mawk", "-W", "version");
  ret->install_hint = words("apt-get install mawk");
  ret->time_multiplier = 1.0;
  ret->memory_multiplier = 1.0;
  ret->samples.ptr = grown(NULL, 0, sizeof *ret->samples.ptr);
  ret->samples.ptr[ret->samples.len++] = (optimus_plugin_types_sample_t){
      .name = words("hello"),
      .path = words("main.awk"),
      .source = words("BEGIN { print \"Hello, world!\" }\n"),
      .expect = words("Hello, world!\n"),
  };
}

bool exports_optimus_plugin_language_plan(exports_optimus_plugin_language_request_t *request,
                                          exports_optimus_plugin_language_work_plan_t *ret,
                                          exports_optimus_plugin_language_error_t *err) {
  if (request->options.len != 2 || memcmp(request->options.ptr, "{}", 2) != 0) {
    err->tag = OPTIMUS_PLUGIN_TYPES_ERROR_BAD_OPTIONS;
    err->val.bad_options = words("this language has no options");
    return false;
  }
  if (request->files.len == 0) {
    err->tag = OPTIMUS_PLUGIN_TYPES_ERROR_BAD_SOURCE;
    err->val.bad_source = words("the job has no file to start with");
    return false;
  }
  text main = request->entry.is_some ? request->entry.val : request->files.ptr[0].path;
  memset(ret, 0, sizeof *ret);
  ret->image = words(IMAGE);
  ret->compile.ptr = grown(NULL, 0, sizeof(step));
  ret->compile.ptr[ret->compile.len++] = (step){.name = words("check"), .argv = LIST("mawk", "-W", "dump", "-f")};
  push(&ret->compile.ptr[0].argv, arg(main));
  ret->run = (step){.name = words("run"), .argv = LIST("mawk", "-f")};
  push(&ret->run.argv, arg(main));
  push(&ret->run.argv, words("--"));
  for (size_t i = 0; i < request->args.len; i++) {
    text given = request->args.ptr[i];
    push(&ret->run.argv, piece(given.ptr, given.len));
  }
  return true;
}

/* The first place of `what`, or `end`. */
static const uint8_t *find(const uint8_t *from, const uint8_t *end, const char *what) {
  size_t len = strlen(what);
  for (; (size_t)(end - from) >= len; from++) {
    if (memcmp(from, what, len) == 0) return from;
  }
  return end;
}

/* `mawk: main.awk: line 3: message`; false where a line is none of these. */
static bool remark(const uint8_t *line, const uint8_t *end, diagnostic *made) {
  static const char BEGINS[] = "mawk: ", PLACE[] = ": line ", SAYS[] = ": ";
  if (find(line, end, BEGINS) != line) return false;
  const uint8_t *path = line + strlen(BEGINS), *place = find(path, end, PLACE);
  if (place == end) return false;
  const uint8_t *says = place + strlen(PLACE);
  uint32_t number = 0;
  for (; says < end && *says >= '0' && *says <= '9'; says++) {
    number = number * 10 + (uint32_t)(*says - '0');
  }
  if (find(says, end, SAYS) != says || says == end) return false;
  says += strlen(SAYS);
  *made = (diagnostic){.path = piece(path, (size_t)(place - path)), .line = number, .severity = words("error")};
  made->message = piece(says, (size_t)(end - says));
  return true;
}

void exports_optimus_plugin_classify_diagnostics(exports_optimus_plugin_classify_outcome_t *outcome,
                                                 exports_optimus_plugin_classify_list_diagnostic_t *ret) {
  const uint8_t *line = outcome->stderr_tail.ptr, *end = line + outcome->stderr_tail.len;
  memset(ret, 0, sizeof *ret);
  while (line < end) {
    const uint8_t *next = find(line, end, "\n");
    diagnostic made;
    if (remark(line, next, &made)) {
      ret->ptr = grown(ret->ptr, ret->len, sizeof made);
      ret->ptr[ret->len++] = made;
    }
    line = next + 1;
  }
}

bool exports_optimus_plugin_classify_refine(exports_optimus_plugin_classify_outcome_t *outcome, text *ret) {
  const uint8_t *said = outcome->stderr_tail.ptr, *end = said + outcome->stderr_tail.len;
  bool ended_well = outcome->exit_code.is_some && outcome->exit_code.val == 0;
  if (ended_well || find(said, end, "out of memory") == end) return false;
  *ret = words("memory_limit_exceeded");
  return true;
}
