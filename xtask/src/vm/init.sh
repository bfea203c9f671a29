#!/bin/sh
# Mounts, runs every suite as root and as a user, says with what exit codes, and restarts, which ends the machine.
export PATH=/usr/bin:/usr/sbin HOME=/root OPTIMUS_TEST_STRICT=1 OPTIMUS_TEST_PROGRAMS=/programs OPTIMUS_TEST_QUICK=1 RUST_BACKTRACE=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts devpts /dev/pts
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
[ ! -f /overlay.ko ] || insmod /overlay.ko
chown -R 1000:1000 /home/user
chown -R 1001:1001 /home/granted
chmod 700 /root

groups=/sys/fs/cgroup
echo "+memory +cpu +pids" > $groups/cgroup.subtree_control
echo "optimus-vm: kernel $(uname -r), $(cut -d. -f1 /proc/uptime) s to boot"
# A suite that starts itself again as another user need not: here it is started as them. There is no daemon in here.
# Warm starts are tried on the host: here a parent is rarely ready in the time that it has. Programs inside WebAssembly too:
# nothing of theirs depends on control groups, and there is no compiler in here.
options="--test-threads=1 --nocapture --skip without_root --skip with_subordinate_ids --skip docker --skip warm_children"
options="$options --skip wasm_keeps_the_contract"
if [ "$(nproc)" = 1 ]; then
    echo "skipped, for want of a second processor: boxes with a processor each"
    options="$options --skip have_a_processor_each"
fi
for suite in /suites/*; do
    name=${suite##*/}
    for user in $(cat "/users/$name"); do
        # What a service manager does for a unit, and for one that it delegates to a user.
        group=$groups/$name-$user
        mkdir $group
        chown $user:$user $group $group/cgroup.procs $group/cgroup.subtree_control $group/cgroup.threads
        (
            echo 0 > $group/cgroup.procs
            [ $user = root ] && exec $suite $options
            exec su $user -c "HOME=/home/$user exec $suite $options"
        )
        echo "optimus-vm: $name as $user: $?"
    done
done
# What was said last has still to leave the console.
sleep 2
echo b > /proc/sysrq-trigger
