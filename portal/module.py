"""What the portal itself gives: the home page, my affairs, the pages about the site."""

from kernel.module import Module
from portal.home import pages

MODULE = Module(name="portal", templates=("home",), routes=tuple(pages.routes))
