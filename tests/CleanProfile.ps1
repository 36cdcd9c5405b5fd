# A profile in which nothing was ever installed, for tests of what is shipped: the places where PowerShell keeps a user's modules,
# registered repositories and caches. What does not exist it would seek in the current folder.

function Enter-CleanProfile([string] $Folder) {
    $homes = @{ HOME = ''; USERPROFILE = ''; APPDATA = 'AppData/Roaming'; LOCALAPPDATA = 'AppData/Local'; XDG_DATA_HOME = '.local/share'; XDG_CONFIG_HOME = '.config'; XDG_CACHE_HOME = '.cache' }
    $script:profileBefore = @{}
    foreach ($name in $homes.Keys) {
        $script:profileBefore[$name] = [Environment]::GetEnvironmentVariable($name)
        $place = (New-Item -ItemType Directory -Path (Join-Path $Folder $homes[$name]) -Force).FullName
        [Environment]::SetEnvironmentVariable($name, $place)
    }
}

function Exit-CleanProfile {
    foreach ($name in $script:profileBefore.Keys) {
        [Environment]::SetEnvironmentVariable($name, $script:profileBefore[$name])
    }
}

# A shell takes its module path from the one that started it, if there is one; a user's first shell has none.
function Invoke-FirstShell([string] $Script) {
    $modules = $env:PSModulePath
    $env:PSModulePath = $null
    try {
        Invoke-FreshShell $Script
    }
    finally {
        $env:PSModulePath = $modules
    }
}
