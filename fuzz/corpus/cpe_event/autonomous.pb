

00256DIGD1k1/download’
u