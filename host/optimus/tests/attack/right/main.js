const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
if (isMainThread) {
    const number = parseInt(require("fs").readFileSync(0, "utf8"));
    new Worker(__filename, { workerData: number }).on("message", (half) => console.log(half));
} else {
    parentPort.postMessage(workerData / 2);
}
