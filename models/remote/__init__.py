"""Drawing on a server that others run, over the OpenAI-compatible images endpoint.

`address.py` checks the address and reads the key, `answers.py` reads what a server answers, `client.py` asks
and asks again, and `renderer.py` draws with it. Httpx is imported when a renderer is made.
"""
