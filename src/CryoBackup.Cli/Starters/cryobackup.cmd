@dotnet "%~dp0cryobackup.dll" %*
