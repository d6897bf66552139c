/* SPDX-License-Identifier: BSD-2-Clause */
#include "boot/uefi/loader.h"

static UINT32 lowest_bit(UINT32 mask)
{
    return mask ? (UINT32)__builtin_ctz(mask) : 0;
}

/*
 * Purpose: tell the kernel of the graphics mode that the firmware has set, if its pixels can be written
 * to memory, 32 bits each. Anything else is no screen to the kernel; it has the serial line.
 */
void screen_describe(struct boot_framebuffer *framebuffer)
{
    EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *graphics;
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

    if (EFI_ERROR(BS->LocateProtocol(&guid, NULL, (void **)&graphics)) || graphics->Mode == NULL)
        return;
    mode = graphics->Mode->Info;
    switch (mode->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        framebuffer->red_shift = 0;
        framebuffer->green_shift = 8;
        framebuffer->blue_shift = 16;
        break;
    case PixelBlueGreenRedReserved8BitPerColor:
        framebuffer->red_shift = 16;
        framebuffer->green_shift = 8;
        framebuffer->blue_shift = 0;
        break;
    case PixelBitMask:
        framebuffer->red_shift = lowest_bit(mode->PixelInformation.RedMask);
        framebuffer->green_shift = lowest_bit(mode->PixelInformation.GreenMask);
        framebuffer->blue_shift = lowest_bit(mode->PixelInformation.BlueMask);
        break;
    default:
        return;
    }
    framebuffer->address = graphics->Mode->FrameBufferBase;
    framebuffer->width = mode->HorizontalResolution;
    framebuffer->height = mode->VerticalResolution;
    framebuffer->pitch_bytes = mode->PixelsPerScanLine * 4;
}
