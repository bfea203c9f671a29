//! What the kernel holds for a thread while one of its system calls waits. No group is charged for it, and the thread
//! itself costs little more: with many descriptors, 60 threads in `poll` held 15 MiB.

use Pieces::{Argument, Open};

/// How many pieces a call names.
#[derive(Clone, Copy)]
enum Pieces {
    /// This argument, [`MOST`] at the most.
    Argument(usize),
    /// Descriptors below this argument, as many as are open.
    Open(usize),
}

/// Calls by number; how many pieces they name, and bytes for each (Linux 6.18, x86-64).
const PRICES: &[(libc::c_long, Pieces, u64)] = &[
    // `struct pollfd`, and `struct poll_table_entry` (fs/select.c).
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, Argument(1), 8 + 64),
    (libc::SYS_ppoll, Argument(1), 8 + 64),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, Open(0), 64),
    (libc::SYS_pselect6, Open(0), 64),
    // `struct iovec` (lib/iov_iter.c).
    (libc::SYS_readv, Argument(2), 16),
    (libc::SYS_writev, Argument(2), 16),
    (libc::SYS_preadv, Argument(2), 16),
    (libc::SYS_pwritev, Argument(2), 16),
    (libc::SYS_preadv2, Argument(2), 16),
    (libc::SYS_pwritev2, Argument(2), 16),
    // `struct futex_vector` (kernel/futex/syscalls.c).
    (libc::SYS_futex_waitv, Argument(1), 240),
];
/// The kernel takes no more at once: of descriptors, that is the hard limit of the process.
const MOST: u64 = 4096;

/// Bytes, by the line that `/proc/PID/task/TID/syscall` has for a blocked thread: the number in decimal, the arguments in
/// hexadecimal (proc_pid_syscall(5)). `open` is how many descriptors its process has.
pub(super) fn bytes(line: &str, open: u64) -> u64 {
    let mut words = line.split_ascii_whitespace();
    let number = words.next().and_then(|word| word.parse::<libc::c_long>().ok());
    let Some(&(_, pieces, price)) = PRICES.iter().find(|(call, ..)| Some(*call) == number) else { return 0 };
    let (index, most) = match pieces {
        Argument(index) => (index, MOST),
        Open(index) => (index, open),
    };
    let argument = words.nth(index).and_then(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok());
    argument.unwrap_or(0).min(most) * price
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_by_how_many_it_names() {
        let line = |number: libc::c_long, arguments: &str| format!("{number} {arguments} 0x7ffe 0x7fff");
        assert_eq!(bytes(&line(libc::SYS_ppoll, "0x7f00 0x200 0x0 0x0 0x8 0x0"), 3), 512 * 72);
        assert_eq!(bytes(&line(libc::SYS_ppoll, "0x7f00 0xffffffff 0x0 0x0 0x8 0x0"), 3), 4096 * 72);
        assert_eq!(bytes(&line(libc::SYS_pselect6, "0x400 0x7f00 0x0 0x0 0x0 0x0"), 3), 3 * 64);
        assert_eq!(bytes(&line(libc::SYS_read, "0x0 0x7f00 0xffff 0x0 0x0 0x0"), 3), 0);
        assert_eq!(bytes("running\n", 3), 0);
    }
}
