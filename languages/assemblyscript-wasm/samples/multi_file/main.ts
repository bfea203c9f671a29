// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"
import { fd_read, path_open, rights } from "bindings/wasi_snapshot_preview1";
import { multiply } from "./lib/multiply";

// The directory of the program is the first that it was given.
const DIRECTORY = 3;

function open(path: string): u32 {
  const name = String.UTF8.encode(path);
  const opened = memory.data(4);
  assert(path_open(DIRECTORY, 0, changetype<usize>(name), name.byteLength, 0, rights.FD_READ, 0, 0, opened) == 0);
  return load<u32>(opened);
}

function number(file: u32): i32 {
  const text = new ArrayBuffer(16);
  const vector = memory.data(12);
  store<usize>(vector, changetype<usize>(text));
  store<usize>(vector + 4, text.byteLength);
  assert(fd_read(file, vector, 1, vector + 8) == 0);
  return I32.parseInt(String.UTF8.decode(text.slice(0, load<i32>(vector + 8))).trim());
}

const n = number(0);
const factor = number(open("data.txt"));
console.log(n.toString() + " * " + factor.toString() + " = " + multiply(n, factor).toString());
