//! What one copy of a parent makes, another does not find.

use super::lab::{Lab, Wall, alone};

/// What one run leaves, another does not find.
#[tokio::test]
async fn siblings_share_nothing_that_they_make() {
    let _turn = alone().await;
    for wall in [Wall::Native, Wall::Docker] {
        siblings_in(wall).await;
    }
}

async fn siblings_in(wall: Wall) {
    let Some(mut lab) = Lab::warmed_up(wall).await else { return };
    let leave = r"
import builtins, ctypes, os, signal, sys
builtins.left = sys.left = os.environ['LEFT'] = 'left'
sys.path.insert(0, '/tmp'); sys.modules['json'] = None
for place in ('/tmp', '/dev/shm', '/w'):
    open(place + '/left', 'w').write('left'); open(place + '/sitecustomize.py', 'w').write('left = 1')
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(0x1234, 4096, 0o1666), libc.ptrace(16, 1, 0, 0), libc.ptrace(0, 0, 0, 0), libc.setns(0, 0))
print(sorted(pid for pid in os.listdir('/proc') if pid.isdigit()))
try: os.kill(-1, signal.SIGKILL)
except OSError as error: print(error)
for pid in range(1, 2000):
    try: pid in (1, 2) or os.kill(pid, signal.SIGKILL)
    except OSError as error: assert error.errno == 3, (pid, error)
for name in ('mem', 'maps', 'environ', 'fd', 'ns/pid'):
    try: print(name, os.stat('/proc/1/' + name) and open('/proc/1/' + name, 'rb').read(1))
    except OSError as error: print(name, type(error).__name__)
if os.fork() == 0:
    os.setsid()
    while True: signal.pause()
";
    let look = r"
import os, sys, builtins
print(hasattr(builtins, 'left'), hasattr(sys, 'left'), os.environ.get('LEFT'), '/tmp' in sys.path, 'json' in sys.modules)
print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('/w'), sorted(p for p in os.listdir('/proc') if p.isdigit()))
import ctypes, json, random
print(ctypes.CDLL(None).shmget(0x1234, 0, 0), random.__file__ if 'w/' in random.__file__ else 'the library')
";
    lab.stage("main.py", leave).await;
    let (_, left) = lab.run_warm("").await;
    assert!(left.stdout.contains("['2']"), "{left:?}");
    assert!(!left.stdout.contains("mem b'"), "{left:?}");
    lab.stage("main.py", look).await;
    let (_, found) = lab.run_warm("").await;
    assert!(found.stdout.starts_with("False False None False False\n[] [] "), "{found:?}");
    assert!(found.stdout.ends_with("['2']\n-1 the library\n"), "{found:?}");
    // Poisoned imports: what lies beside the program is its own, and nobody else's.
    for name in ["sitecustomize.py", "usercustomize.py", "os.py", "site.py", "codecs.py", "random.py", "x.pth"] {
        lab.stage(name, "print('poison')\n").await;
    }
    lab.stage("main.py", "import sys, random\nprint(sys.path[0])\n").await;
    let (_, poisoned) = lab.run_warm("").await;
    assert_eq!(poisoned.stdout, "poison\n/stage\n", "{poisoned:?}");
}

/// Each child draws numbers of its own; the seed of hashes changes with the parent, at the latest.
#[tokio::test]
async fn random_numbers_are_a_childs_own() {
    let _turn = alone().await;
    let Some(mut lab) = Lab::warmed_up(Wall::Native).await else { return };
    lab.stage(
        "main.py",
        "import random, os, uuid, secrets\nprint(random.random(), os.urandom(4), uuid.uuid4(), secrets.token_hex(4))\n",
    )
    .await;
    let (one, other) = (lab.run_warm("").await.1, lab.run_warm("").await.1);
    assert_ne!(one.stdout, other.stdout);
    lab.stage("main.py", "print(hash('a'))\n").await;
    let mut seeds = std::collections::BTreeSet::new();
    for _ in 0..140 {
        seeds.insert(lab.run_warm("").await.1.stdout);
    }
    assert!(seeds.len() > 1, "a parent ends after some children");
}
