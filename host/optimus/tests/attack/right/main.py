import multiprocessing, threading
number = int(input())
results = multiprocessing.Pipe()
thread = threading.Thread(target=lambda: results[1].send(number // 2))
thread.start()
thread.join()
print(results[0].recv())
