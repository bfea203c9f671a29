# optimus: verdict=output_limit_exceeded limits.output_bytes=65536
while True:
    print("flood")
