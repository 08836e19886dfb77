"""What a notebook needs of this room: a mesh from a file, its rig, and the expression it takes.

`prepare(read_mesh(path)).pose({4: 3}, {4: 3})` gives the vertices of any head mesh with AU4 at 3 on
its left and right side, in the mesh's own units and axes; `pose` is for heads of the Anny topology.
"""

from rigging.registration.mesh import TriangleMesh
from rigging.registration.mesh import read as read_mesh
from rigging.rig import Rig, pose, prepare

__all__ = ["Rig", "TriangleMesh", "pose", "prepare", "read_mesh"]
