; optimus: verdict=accepted expect="100000\n"
(define (depth n)
  (if (= n 0) 0 (+ 1 (depth (- n 1)))))

(display (depth 100000))
(newline)
