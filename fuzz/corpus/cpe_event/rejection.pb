

00256DIGD1k1/downloadäbusy