"""The console for our own people: server-rendered pages whose forms work without a script."""
