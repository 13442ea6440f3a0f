

00256DIGD1k1/downloadZ,
k1ºFx*Device.Security.Certificate.3.