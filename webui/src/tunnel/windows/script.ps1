# VPN(WireGuard)の設定を、このパソコンに入れます。
param([string]$User = "$env:USERDOMAIN\$env:USERNAME")

$ErrorActionPreference = 'Stop'
$Network = @@network@@
$Tunnel = @@tunnel@@
$Inner = @@inner@@
$App = @@app@@

$WireGuard = Join-Path $env:ProgramFiles 'WireGuard\wireguard.exe'
$Given = Join-Path $PSScriptRoot "$Tunnel.conf"
$Kept = Join-Path $env:ProgramFiles 'WireGuard\Data\Configurations'
# 「ネットワーク構成オペレーター」。名前は言語で変わるので、番号で指す。
$Operators = 'S-1-5-32-556'

function Stop-Setup([string]$Message) {
    Write-Host ''
    Write-Host $Message -ForegroundColor Yellow
    Write-Host 'わからないときは、事務室へお電話ください。'
    Read-Host 'Enterキーを押すと閉じます' | Out-Null
    exit 1
}

function Test-Administrator {
    $Identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $Principal = New-Object Security.Principal.WindowsPrincipal($Identity)
    return $Principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Invoke-WireGuard([string[]]$Words) {
    $Process = Start-Process -FilePath $WireGuard -ArgumentList $Words -Wait -PassThru
    return $Process.ExitCode
}

# 平文のファイルは、WireGuardが自分で暗号化して消す。
function Wait-Sealed([string]$Path) {
    foreach ($Try in 1..20) {
        if (Test-Path -LiteralPath $Path) { return $true }
        Start-Sleep -Milliseconds 500
    }
    return $false
}

function Test-Tunnel {
    foreach ($Try in 1..10) {
        $Client = New-Object Net.Sockets.TcpClient
        try {
            if ($Client.ConnectAsync($Inner, 443).Wait(2000)) { return $true }
        } catch {
            Start-Sleep -Milliseconds 500
        } finally {
            $Client.Dispose()
        }
    }
    return $false
}

Write-Host "$Network の VPN をこのパソコンに設定します。"

if (-not (Test-Path -LiteralPath $Given)) {
    Stop-Setup 'ZIPファイルの中から直接開いたようです。ZIPを右クリックして「すべて展開」を選び、展開したフォルダーの tokinet-vpn.cmd を開いてください。'
}
if (-not (Test-Path -LiteralPath $WireGuard)) {
    Start-Process 'https://www.wireguard.com/install/'
    Stop-Setup '先に WireGuard を入れてください。開いたページの「Download Windows Installer」から入れたあと、もう一度このファイルを開きます。'
}
if (-not (Test-Administrator)) {
    Write-Host '管理者の確認が出ます。「はい」を押してください。'
    $Words = @('-NoLogo', '-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', "`"$PSCommandPath`"", '-User', "`"$User`"")
    try {
        Start-Process -FilePath 'powershell.exe' -Verb RunAs -ArgumentList $Words
    } catch {
        Stop-Setup '管理者の確認で止まりました。このパソコンの管理者に頼んでください。'
    }
    exit 0
}

try {
    Write-Host '1/4 前の設定があれば外します。'
    Invoke-WireGuard @('/uninstalltunnelservice', $Tunnel) | Out-Null
    $Sealed = Join-Path $Kept "$Tunnel.conf.dpapi"
    if (Test-Path -LiteralPath $Sealed) { Remove-Item -LiteralPath $Sealed -Force }

    Write-Host '2/4 設定を WireGuard に渡します。'
    Invoke-WireGuard @('/installmanagerservice') | Out-Null
    New-Item -ItemType Directory -Path $Kept -Force | Out-Null
    Copy-Item -LiteralPath $Given -Destination (Join-Path $Kept "$Tunnel.conf") -Force
    if (-not (Wait-Sealed $Sealed)) {
        Remove-Item -LiteralPath (Join-Path $Kept "$Tunnel.conf") -Force -ErrorAction SilentlyContinue
        Stop-Setup 'WireGuard が設定を受け取りませんでした。パソコンを起動し直して、もう一度このファイルを開いてください。'
    }
    if ((Invoke-WireGuard @('/installtunnelservice', "`"$Sealed`"")) -ne 0) {
        Stop-Setup 'VPN を始められませんでした。パソコンを起動し直して、もう一度このファイルを開いてください。'
    }

    Write-Host '3/4 管理者でない人も、VPN の入・切ができるようにします。'
    New-Item -Path 'HKLM:\Software\WireGuard' -Force | Out-Null
    Set-ItemProperty -Path 'HKLM:\Software\WireGuard' -Name 'LimitedOperatorUI' -Value 1 -Type DWord
    try {
        Add-LocalGroupMember -SID $Operators -Member $User
    } catch {
        # 入っている人は、もう一度は入れない。
        Write-Host "  （$User は、すでに登録されているか、登録できませんでした）"
    }

    Write-Host '4/4 つながるか確かめます。'
    # 鍵の入ったファイルは、フォルダーに残さない。
    Remove-Item -LiteralPath $Given -Force
} catch {
    Stop-Setup "途中で止まりました：$($_.Exception.Message)"
}
if (-not (Test-Tunnel)) {
    Stop-Setup '設定は入りましたが、まだつながりません。インターネットにつながっているか、UDPを止める機器がないか確かめてください。'
}
Write-Host ''
Write-Host 'VPN の設定が終わりました。' -ForegroundColor Green
Write-Host "これからは、パソコンを起動すると自動でつながります。$App を開いてください。"
Read-Host 'Enterキーを押すと閉じます' | Out-Null
