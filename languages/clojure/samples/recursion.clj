; optimus: verdict=accepted expect="100000\n" limits.cpu_ms=5000
(defn depth [n]
  (if (zero? n) 0 (+ 1 (depth (- n 1)))))

(println (depth 100000))
