; optimus: verdict=accepted expect="100000\n"
(defun depth (n)
  (if (= n 0) 0 (+ 1 (depth (- n 1)))))

(format t "~a~%" (depth 100000))
