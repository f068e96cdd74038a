"""Files to pictures: headers make a `Series`, reading it makes a `Volume` with patient geometry."""
