"""The SDK is imported without the processes in which it asks for the processor's name."""

import subprocess
import sys

CODE = """
import sys
started = []
sys.addaudithook(lambda event, arguments: event == "subprocess.Popen" and started.extend(arguments[1]))
from entrypoints.sdk import import_sdk
import cpuinfo
own = cpuinfo.get_cpu_info
sdk = import_sdk()
assert sdk is import_sdk() is sys.modules["runpod"]
from runpod.serverless.utils import rp_debugger
assert cpuinfo.get_cpu_info is own
print(any("cpuinfo" in argument for argument in started), rp_debugger.PROCESSOR, sdk.serverless.start.__name__)
"""


def test_its_import_asks_nobody_for_the_processor_and_leaves_the_other_library_as_it_was() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "False Unable to get processor info. start\n"
