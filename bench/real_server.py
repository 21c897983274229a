"""llama.cpp's server on this machine: real_server.py MODEL.gguf PORT THREADS. Prints its address; runs until killed."""
import signal
import sys

import xllamacpp

model, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path = model
params.hostnames = ["127.0.0.1"]
params.port = port
params.n_ctx = 4096
params.n_parallel = 1
params.cpuparams.n_threads = threads
params.cpuparams_batch.n_threads = threads
params.no_extra_bufts = True  # the weights stay as they are in the file: other forms are rounded otherwise
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
signal.pause()
